//! Whether an image is of a kind that can be hotpatched at all.

use super::{Image, MACHINE_AMD64, Section, SectionKind};
use crate::finding::{Finding, rules::input};

/// `IMAGE_FILE_RELOCS_STRIPPED`.
const RELOCATIONS_STRIPPED: u16 = 1;
const SUBSYSTEM_NATIVE: u16 = 1;
const SUBSYSTEM_EFI: std::ops::RangeInclusive<u16> = 10..=13;
const SUBSYSTEM_BOOT: u16 = 16;
const KERNEL_MODULES: [&str; 4] = ["ntoskrnl.exe", "hal.dll", "ndis.sys", "fltmgr.sys"];

/// Every reason why the image is of a kind that has nothing to compare.
pub fn kind_findings(image: &Image<'_>, which: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if image.machine != MACHINE_AMD64 {
        found.push(Finding::new(
            &input::MACHINE,
            format!(
                "{which} is for machine {:#06x} ({}), expected 0x8664 (x64)",
                image.machine,
                machine_name(image.machine)
            ),
        ));
    }
    if image.managed {
        found.push(Finding::new(
            &input::MANAGED,
            format!("{which} has a CLR header"),
        ));
    }
    if let Some(reason) = kernel_reason(image) {
        found.push(Finding::new(&input::KERNEL, format!("{which} {reason}")));
    }
    found
}

/// Every reason why the analysis of an x64 image would rest on nothing.
pub fn layout_findings(image: &Image<'_>, which: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for section in image.sections.iter().filter(|s| s.is_writable_code()) {
        found.push(Finding::new(&input::PACKED, writable_code(section, which)));
    }
    let entry_kind = image.section_at(image.entry).map(|s| s.kind());
    if image.entry.0 != 0 && entry_kind != Some(SectionKind::Code) {
        found.push(Finding::new(
            &input::PACKED,
            format!(
                "entry point {} of {which} is in no code section",
                image.entry
            ),
        ));
    }
    if image.narrow_relocations > 0 {
        found.push(Finding::new(
            &input::FORM,
            format!(
                "{which} has {} absolute addresses of 32 bits: it is linked with \
                 /LARGEADDRESSAWARE:NO, to be loaded below 2 GB",
                image.narrow_relocations
            ),
        ));
    }
    // An image without absolute addresses has no table either, and is not marked.
    if image.characteristics & RELOCATIONS_STRIPPED != 0 {
        found.push(Finding::new(
            &input::NO_RELOCATIONS,
            format!("the base relocations of {which} are stripped"),
        ));
    }
    found
}

/// What is said of a section that is writable and executable.
fn writable_code(section: &Section, which: &str) -> String {
    let text = format!(
        "section {:?} of {which} is writable and executable",
        section.name
    );
    match section.name == ".textbss" && section.file_size == 0 {
        true => format!(
            "{text}: Microsoft's linker leaves it for Edit and Continue; link /INCREMENTAL:NO"
        ),
        false => text,
    }
}

fn kernel_reason(image: &Image<'_>) -> Option<String> {
    if image.subsystem == SUBSYSTEM_NATIVE {
        return Some("has the subsystem NATIVE".into());
    }
    if SUBSYSTEM_EFI.contains(&image.subsystem) || image.subsystem == SUBSYSTEM_BOOT {
        return Some(format!("has the boot subsystem {}", image.subsystem));
    }
    let module = image
        .imports
        .iter()
        .map(|i| &*i.module)
        .find(|m| KERNEL_MODULES.contains(m))?;
    Some(format!("imports from {module}"))
}

fn machine_name(machine: u16) -> &'static str {
    match machine {
        0x014c => "x86",
        0x8664 => "x64",
        0xaa64 => "ARM64",
        0xa641 => "ARM64EC",
        0xa64e => "ARM64X",
        0x01c0 | 0x01c2 | 0x01c4 => "ARM",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Rva;

    #[test]
    fn what_an_incremental_link_leaves_is_no_packer() {
        let section = |name: &str, file_size| Section {
            name: name.to_owned(),
            rva: Rva(0x1000),
            virtual_size: 0x1000,
            file_offset: 0,
            file_size,
            characteristics: 0xe000_00a0,
        };
        let text = |name, file_size| writable_code(&section(name, file_size), "the image");
        assert!(text(".textbss", 0).ends_with("link /INCREMENTAL:NO"));
        assert!(text(".textbss", 0x200).ends_with("executable"));
        assert!(text("UPX0", 0).ends_with("executable"));
    }
}
