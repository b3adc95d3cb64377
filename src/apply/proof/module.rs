//! The code of a module against the file of its build.

use std::collections::BTreeMap;

use super::{Approved, Proof, ProvenModule, pages};
use crate::addr::{Rva, Va};
use crate::apply::target::{Module, Protection, Target, TargetError};
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::image::{Image, SectionKind};

/// The file of a shipped build.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Where it was read from.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Baseline {
    /// Its name without a folder.
    pub fn file_name(&self) -> &str {
        self.path.rsplit(['/', '\\']).next().unwrap_or(&self.path)
    }
}

/// Differences that are listed of one module.
const LISTED: usize = 32;

/// Compares all code of a module; returns first byte and first byte after of what it compared.
/// `sites` says what patches have put where.
pub(super) fn compare<T: Target>(
    target: &T,
    module: &Module,
    baseline: &Baseline,
    sites: &BTreeMap<Va, Vec<u8>>,
    approved: Approved<'_>,
    proof: &mut Proof,
) -> Result<Vec<(Va, Va)>, TargetError> {
    let image = match Image::parse(&baseline.bytes) {
        Ok(image) => image,
        Err(error) => {
            let detail = format!("{}: {error}.", baseline.path);
            let finding = Finding::about(&rules::NO_BASELINE, &module.name, detail);
            proof.findings.push(finding);
            return Ok(Vec::new());
        }
    };
    let mut compared = Vec::new();
    let mut proven = ProvenModule {
        name: module.name.clone(),
        base: module.base,
        baseline: baseline.path.clone(),
        bytes: 0,
    };
    let namer = Namer {
        image: &image,
        module,
        approved,
    };
    for section in &image.sections {
        if section.kind() != SectionKind::Code || section.virtual_size == 0 {
            continue;
        }
        let Some(mut wanted) = loaded(&image, module, section.rva, section.virtual_size) else {
            continue;
        };
        let start = section.rva.at(module.base);
        for (at, bytes) in sites.range(start..) {
            let Some(slot) = at.0.checked_sub(start.0).map(|o| o as usize) else {
                break;
            };
            match wanted.get_mut(slot..slot + bytes.len()) {
                Some(field) => field.copy_from_slice(bytes),
                None => break,
            }
        }
        let found = match target.read_vec(start, wanted.len()) {
            Ok(found) => found,
            Err(error) => {
                let detail = format!("The section {} can't be read: {error}.", section.name);
                let finding = Finding::about(&rules::DIFFERS, &module.name, detail);
                proof.findings.push(finding);
                continue;
            }
        };
        proven.bytes += found.len() as u64;
        compared.push((start, Va(start.0 + found.len() as u64)));
        let written = slots(&image, section.rva, section.virtual_size);
        let differences = differences(&wanted, &found, &written);
        let more = differences.len().saturating_sub(LISTED);
        for (from, to) in differences.into_iter().take(LISTED) {
            let rva = Rva(section.rva.0 + from as u32);
            proof.findings.push(Finding::about(
                &rules::DIFFERS,
                namer.name(rva),
                difference(rva.at(module.base), &wanted[from..to], &found[from..to]),
            ));
        }
        if more > 0 {
            let detail = format!("{more} more ranges of {} differ.", section.name);
            proof
                .findings
                .push(Finding::about(&rules::DIFFERS, &module.name, detail));
        }
        if !section.is_writable_code() {
            let is_right = |p: Protection| p.executable() && !p.writable();
            let wanted = (is_right, "executable and not writable");
            let range = (start, section.virtual_size.into());
            pages::compare(target, range, wanted, &module.name, proof)?;
        }
    }
    proof.modules.push(proven);
    Ok(compared)
}

/// A section as the loader of the system makes it: relocated, the rest zero.
fn loaded(image: &Image<'_>, module: &Module, rva: Rva, size: u32) -> Option<Vec<u8>> {
    let mut bytes = image.loaded_bytes(rva, size)?;
    let delta = module.base.0.wrapping_sub(image.image_base.0);
    for place in image.relocations_in(rva, size) {
        let at = (place.0 - rva.0) as usize;
        let Some(field) = bytes.get_mut(at..).and_then(|b| b.first_chunk_mut::<8>()) else {
            continue;
        };
        *field = u64::from_le_bytes(*field).wrapping_add(delta).to_le_bytes();
    }
    Some(bytes)
}

/// Fields of a section of code that the loader writes: import slots, where a linker put them
/// there. As offsets.
fn slots(image: &Image<'_>, rva: Rva, size: u32) -> Vec<(usize, usize)> {
    let inside = |slot: &Rva| (rva.0..rva.0.saturating_add(size)).contains(&slot.0);
    let imports = image.imports.iter().map(|i| i.slot).filter(inside);
    imports
        .map(|slot| ((slot.0 - rva.0) as usize, (slot.0 - rva.0) as usize + 8))
        .collect()
}

/// Ranges in which two pieces of memory differ; what is nearer than 16 bytes is one range.
pub(super) fn differences(
    wanted: &[u8],
    found: &[u8],
    without: &[(usize, usize)],
) -> Vec<(usize, usize)> {
    const NEAR: usize = 16;
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (at, (a, b)) in wanted.iter().zip(found).enumerate() {
        if a == b || without.iter().any(|(from, to)| (*from..*to).contains(&at)) {
            continue;
        }
        match ranges.last_mut() {
            Some((_, to)) if at < *to + NEAR => *to = at + 1,
            _ => ranges.push((at, at + 1)),
        }
    }
    ranges
}

/// A difference in words, the first bytes of it.
pub(super) fn difference(at: Va, wanted: &[u8], found: &[u8]) -> String {
    const SHOWN: usize = 16;
    let text = |bytes: &[u8]| {
        let dots = if bytes.len() > SHOWN { "…" } else { "" };
        format!("{}{dots}", hex::encode(&bytes[..bytes.len().min(SHOWN)]))
    };
    format!(
        "At {at}, {} bytes: expected {}, found {}.",
        wanted.len(),
        text(wanted),
        text(found)
    )
}

/// Finds words for places in a module.
struct Namer<'n> {
    image: &'n Image<'n>,
    module: &'n Module,
    approved: Approved<'n>,
}

impl Namer<'_> {
    /// The function that a package names there, else where the function begins that the
    /// unwind table knows, else the place itself.
    fn name(&self, rva: Rva) -> String {
        let functions = self.approved.all().flat_map(|p| &p.manifest.functions);
        let holds = |start: Rva, size: u32| (start.0..start.0 + size).contains(&rva.0);
        let mut named = functions.filter(|f| f.ranges.iter().any(|r| holds(r.rva, r.size)));
        if let Some(function) = named.next() {
            return function.name.clone();
        }
        let name = &self.module.name;
        match self.image.runtime_function_at(rva) {
            Some(entry) => format!("function at {name}+{}", entry.begin),
            None => format!("{name}+{rva}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_differences_are_one_and_known_fields_are_none() {
        let wanted = [0u8; 64];
        let mut found = wanted;
        for at in [3, 5, 40, 63] {
            found[at] = 1;
        }
        assert_eq!(
            differences(&wanted, &found, &[]),
            [(3, 6), (40, 41), (63, 64)]
        );
        assert_eq!(
            differences(&wanted, &found, &[(0, 8), (60, 64)]),
            [(40, 41)]
        );
        let text = difference(Va(0x1000), &wanted[3..6], &found[3..6]);
        assert!(text.contains("expected 000000, found 010001"), "{text}");
    }
}
