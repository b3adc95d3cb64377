//! Which sections of the payload are loaded, in which pages, at which offset.

use object::read::coff::{CoffFile, CoffHeader as _};
use object::{LittleEndian as LE, ObjectSection as _, pe};

use super::{LinkError, RUNTIME_FUNCTION};
use crate::apply::target::Protection;
use crate::payload::names::{CALL_SECTION, GATE_SECTION};

/// Size of a page in bytes.
pub const PAGE: u64 = 0x1000;

/// Far below what rel32 reaches, so that no sum of sizes can overflow.
const MAX_SIZE: u64 = 1 << 30;

/// What a group of pages holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Executable.
    Code,
    /// Read only.
    Constants,
    /// Writable.
    Variables,
}

impl Kind {
    /// How pages of this kind are sealed.
    pub fn protection(self) -> Protection {
        match self {
            Kind::Code => Protection::EXECUTE_READ,
            Kind::Constants => Protection::READ,
            Kind::Variables => Protection::READ_WRITE,
        }
    }
}

/// Adjacent pages of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they hold.
    pub kind: Kind,
    /// Offset from the start of the region in bytes, page aligned.
    pub offset: u64,
    /// Size in bytes, a whole number of pages.
    pub size: u64,
}

impl Group {
    /// What fills the gaps: a trap in code, zero elsewhere.
    pub fn fill(&self) -> u8 {
        if self.kind == Kind::Code { 0xcc } else { 0 }
    }
}

/// A section of the payload that is loaded.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// Its number in the object, from 1.
    pub number: usize,
    pub name: String,
    pub data: &'a [u8],
    /// Size in bytes; larger than `data` where the rest is zero.
    pub size: u32,
    pub relocations: &'a [pe::ImageRelocation],
    /// Index of its group.
    pub group: usize,
    /// Offset from the start of the region in bytes.
    pub offset: u64,
    kind: Kind,
    align: u64,
}

impl Section<'_> {
    /// `.pdata`, or a part of it (`.pdata$name`).
    pub fn is_pdata(&self) -> bool {
        stem(&self.name) == ".pdata"
    }

    /// Whether image-relative fields are relative to the payload's base.
    pub fn is_unwind(&self) -> bool {
        matches!(stem(&self.name), ".pdata" | ".xdata")
    }

    /// Whether it holds a distance from the old module's base to something.
    pub fn needs_room_above(&self) -> bool {
        let nb = |r: &pe::ImageRelocation| r.typ.get(LE) == pe::IMAGE_REL_AMD64_ADDR32NB;
        !self.is_unwind() && self.relocations.iter().any(nb)
    }

    /// The order inside a group: like with like, and `.pdata` in one piece.
    ///
    /// Where an unwind table is registered, the system notes where the first of its functions
    /// begins and where the last one ends, and may leave both in its heap when it is taken
    /// out. So these are the call routine, which nobody in the target knows, and a gate, which
    /// ends with a jump: neither address means that anything is in use.
    fn rank(&self) -> u8 {
        match stem(&self.name) {
            CALL_SECTION => 0,
            ".text" | ".rdata" | ".data" => 1,
            GATE_SECTION | ".xdata" | ".bss" => 2,
            ".pdata" => 3,
            _ => 4,
        }
    }
}

fn stem(name: &str) -> &str {
    name.split('$').next().unwrap_or(name)
}

/// The sections that are loaded, in the order of the object, whose file has this size in
/// bytes.
pub(super) fn collect<'a>(
    object: &CoffFile<'a, &'a [u8]>,
    file_size: usize,
) -> Result<Vec<Section<'a>>, LinkError> {
    let machine = object.coff_header().machine();
    if machine != pe::IMAGE_FILE_MACHINE_AMD64 {
        return Err(LinkError::Machine(machine.0));
    }
    let mut sections = Vec::new();
    let mut room = file_size;
    for section in object::Object::sections(object) {
        let header = section.coff_section();
        let bits = header.characteristics.get(LE);
        let name = section.name().map_err(LinkError::NotCoff)?.to_owned();
        let skip =
            pe::IMAGE_SCN_LNK_REMOVE | pe::IMAGE_SCN_LNK_INFO | pe::IMAGE_SCN_MEM_DISCARDABLE;
        if bits.0 & skip.0 != 0 || name.starts_with(".debug") {
            continue;
        }
        let refuse = |reason| LinkError::Section {
            section: name.clone(),
            reason,
        };
        let executable = bits.0 & (pe::IMAGE_SCN_MEM_EXECUTE | pe::IMAGE_SCN_CNT_CODE).0 != 0;
        let writable = bits.0 & pe::IMAGE_SCN_MEM_WRITE.0 != 0;
        let kind = match (executable, writable) {
            (true, true) => return Err(refuse("is writable and executable")),
            (true, false) => Kind::Code,
            (false, true) => Kind::Variables,
            (false, false) => Kind::Constants,
        };
        let align = section.align();
        if align > PAGE {
            return Err(refuse("needs more than page alignment"));
        }
        let size = header.size_of_raw_data.get(LE);
        let zero = bits.0 & pe::IMAGE_SCN_CNT_UNINITIALIZED_DATA.0 != 0;
        let data = match zero {
            true => &[][..],
            false => section.data().map_err(LinkError::NotCoff)?,
        };
        // Sections that share bytes of the file could make any size out of a small one.
        room = room
            .checked_sub(data.len())
            .ok_or_else(|| refuse("overlaps another section"))?;
        let loaded = Section {
            number: section.index().0,
            data,
            size,
            relocations: section.coff_relocations().map_err(LinkError::NotCoff)?,
            group: 0,
            offset: 0,
            kind,
            align,
            name: name.clone(),
        };
        if loaded.is_pdata() && !(size as usize).is_multiple_of(RUNTIME_FUNCTION) {
            return Err(refuse("is not a whole number of 12-byte entries"));
        }
        if loaded.is_unwind() && kind != Kind::Constants {
            return Err(refuse("holds unwind information but is not read-only"));
        }
        sections.push(loaded);
    }
    Ok(sections)
}

/// What is left free at the start of a group, in bytes. Where its pages begin is what the
/// system is told to protect them, and may leave in the target's memory: so nothing may have
/// that address, nor end there, for which it could be in use. Code begins with the call
/// routine, which nobody in the target knows.
fn edge(kind: Kind) -> u64 {
    match kind {
        Kind::Code => 0,
        Kind::Constants | Kind::Variables => 16,
    }
}

/// Gives every section its place behind the record; returns the groups and the size of
/// the whole region in bytes.
pub(super) fn arrange(
    sections: &mut [Section<'_>],
    record_size: u64,
) -> Result<(Vec<Group>, u64), LinkError> {
    sections.sort_by_key(|s| (s.kind, s.rank(), s.number));
    let mut groups: Vec<Group> = Vec::new();
    let mut end = record_size;
    for section in sections {
        if groups.last().is_none_or(|g| g.kind != section.kind) {
            let offset = groups.last().map_or(record_size, |g| g.offset + g.size);
            groups.push(Group {
                kind: section.kind,
                offset,
                size: 0,
            });
            end = offset + edge(section.kind);
        }
        // A table in several sections must have no gap between its entries.
        let align = if section.is_pdata() { 4 } else { section.align };
        section.offset = end.next_multiple_of(align.max(1));
        section.group = groups.len() - 1;
        end = section.offset + u64::from(section.size);
        if end > MAX_SIZE {
            return Err(LinkError::TooLarge(end));
        }
        if section.size > 0
            && let Some(group) = groups.last_mut()
        {
            // One byte at least between the end of what is there and the next group.
            group.size = (end + 1 - group.offset).next_multiple_of(PAGE);
        }
    }
    let size = groups.last().map_or(record_size, |g| g.offset + g.size);
    Ok((groups, size))
}
