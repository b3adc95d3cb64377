//! Whether symbols say enough of an image, and whether the image is laid out as they need it.

use super::Symbols;
use crate::finding::{Finding, rules::input};
use crate::image::{Image, SectionKind};

/// Every reason why the analysis of this image with these symbols would rest on nothing.
/// `which` says which build it is, as in "the old".
pub fn findings(symbols: &Symbols, image: &Image<'_>, which: &str) -> Vec<Finding> {
    if symbols.minimal {
        let detail = format!("{which} PDB was written by /DEBUG:FASTLINK");
        return vec![Finding::new(&input::FASTLINK_PDB, detail)];
    }
    if symbols.procedures.is_empty() {
        let detail = format!(
            "{which} PDB has {} public symbols and no procedure record",
            symbols.publics.len()
        );
        return vec![Finding::new(&input::STRIPPED_PDB, detail)];
    }
    data_in_code(symbols, image, which).into_iter().collect()
}

/// Data of object files, or slots of imports, in a section of code.
fn data_in_code(symbols: &Symbols, image: &Image<'_>, which: &str) -> Option<Finding> {
    let code_at = |rva| {
        let section = image.section_at(rva);
        section.filter(|s| s.kind() == SectionKind::Code)
    };
    let data = || {
        let contributions = symbols.contributions.iter();
        contributions.filter(|c| !c.code && c.size > 0 && code_at(c.rva).is_some())
    };
    let slot = image.imports.iter().find(|i| code_at(i.slot).is_some());
    let section = code_at(data().next().map(|c| c.rva).or(slot.map(|i| i.slot))?)?;
    let bytes: u64 = data().map(|c| u64::from(c.size)).sum();
    let what = match bytes {
        0 => "slots of imports".to_owned(),
        bytes => format!("{bytes} bytes that object files hold as data"),
    };
    let detail = format!("section {:?} of {which} image holds {what}", section.name);
    Some(Finding::new(&input::DATA_IN_CODE, detail))
}
