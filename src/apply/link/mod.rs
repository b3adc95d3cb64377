//! Links the payload: lays its sections out, resolves its symbols, applies its fixups.
//!
//! Pure: an object and addresses in, bytes out. The region that comes out is
//!
//! | pages | protection | holds |
//! |---|---|---|
//! | record | RW | the [record](super::record), first |
//! | code | RX | `.text`, `.hpgate`, `.hpcall` |
//! | constants | R | `.rdata`, `.xdata`, `.pdata` |
//! | variables | RW | `.data`, `.bss` |

mod error;
mod fixup;
mod handlers;
mod layout;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use object::LittleEndian as LE;
use object::read::coff::{CoffFile, Symbol as _};

use super::target::Protection;
use crate::addr::{Rva, Va};
use crate::payload::names::{ACTIVE_SYMBOL, CALL_SYMBOL};
pub use error::LinkError;
use fixup::{Fixup, Place};
use layout::Section;
pub use layout::{Group, PAGE};

/// Length of one entry of `.pdata` (`RUNTIME_FUNCTION`) in bytes.
const RUNTIME_FUNCTION: usize = 12;

/// Where things are that the payload refers to.
#[derive(Clone, Copy, Debug)]
pub struct Bases {
    /// The region: the record, then the payload.
    pub payload: Va,
    /// The module that is patched.
    pub module: Va,
    /// The byte that switches the package.
    pub active: Va,
}

/// Where the undefined symbols of the payload are.
#[derive(Clone, Debug, Default)]
pub struct Externals<'a> {
    /// In the old module.
    pub old: HashMap<&'a str, Rva>,
    /// In other modules.
    pub imports: HashMap<String, Va>,
    /// Variables of the payload that are elsewhere: where a replaced patch has put them.
    pub kept: HashMap<String, Va>,
}

/// A payload laid out, but not yet bound to an address.
#[derive(Debug)]
pub struct Layout<'a> {
    object: CoffFile<'a, &'a [u8]>,
    sections: Vec<Section<'a>>,
    groups: Vec<Group>,
    record_size: u64,
    size: u64,
    above: bool,
}

/// Pages of the region that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// Where they are.
    pub at: Va,
    /// What they hold; a whole number of pages.
    pub bytes: Vec<u8>,
    /// How they are sealed.
    pub protection: Protection,
}

/// A payload bound to an address, ready to be written there.
#[derive(Debug)]
pub struct Linked {
    /// Everything behind the record.
    pub pages: Vec<Pages>,
    /// The addresses of the defined symbols.
    pub symbols: HashMap<String, Va>,
    /// The unwind table: where it is and how many entries it has.
    pub function_table: Option<(Va, u32)>,
    /// Where a remote thread enters.
    pub call: Option<Va>,
}

impl<'a> Layout<'a> {
    /// Parses the payload and lays it out behind `record_size` bytes of record.
    ///
    /// # Errors
    /// Where the bytes are no COFF object for x64, or hold what can't be linked.
    pub fn new(payload: &'a [u8], record_size: u64) -> Result<Self, LinkError> {
        let object = CoffFile::parse(payload).map_err(LinkError::NotCoff)?;
        let mut sections = layout::collect(&object, payload.len())?;
        let record_size = record_size.next_multiple_of(PAGE);
        let (groups, size) = layout::arrange(&mut sections, record_size)?;
        let above = sections.iter().any(Section::needs_room_above);
        Ok(Layout {
            object,
            sections,
            groups,
            record_size,
            size,
            above,
        })
    }

    /// Size of the whole region in bytes: record and payload.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Size of the record's pages in bytes.
    pub fn record_size(&self) -> u64 {
        self.record_size
    }

    /// Whether the payload must be above the module: its code adds displacements to the
    /// module's base, and those are positive 31-bit numbers.
    pub fn must_be_above(&self) -> bool {
        self.above
    }

    /// Binds the payload to addresses. `externals` says where the undefined symbols are
    /// in the old module, or in other modules.
    ///
    /// # Errors
    /// Where a symbol can't be resolved or a fixup doesn't fit its field.
    pub fn link(&self, bases: Bases, externals: &Externals<'_>) -> Result<Linked, LinkError> {
        let mut pages: Vec<Pages> = self
            .groups
            .iter()
            .map(|g| Pages {
                at: Va(bases.payload.0 + g.offset),
                bytes: vec![g.fill(); g.size as usize],
                protection: g.kind.protection(),
            })
            .collect();
        for section in self.sections.iter().filter(|s| s.size > 0) {
            let data = self.fixed(section, bases, externals)?;
            let group = &self.groups[section.group];
            let start = (section.offset - group.offset) as usize;
            pages[section.group].bytes[start..start + data.len()].copy_from_slice(&data);
        }
        let function_table = self.sort_function_table(&mut pages, bases);
        let mut symbols = self.defined(bases)?;
        symbols.extend(externals.kept.iter().map(|(name, at)| (name.clone(), *at)));
        let call = symbols.get(CALL_SYMBOL).copied();
        pages.retain(|p| !p.bytes.is_empty());
        if function_table.is_some() && call.is_none() {
            return Err(LinkError::NoCall);
        }
        Ok(Linked {
            pages,
            symbols,
            function_table,
            call,
        })
    }

    /// The bytes of a section with its fixups applied.
    fn fixed(
        &self,
        section: &Section<'_>,
        bases: Bases,
        externals: &Externals<'_>,
    ) -> Result<Vec<u8>, LinkError> {
        let mut data = section.data.to_vec();
        data.resize(section.size as usize, 0);
        for relocation in section.relocations {
            let at = relocation.virtual_address.get(LE);
            let index = object::SymbolIndex(relocation.symbol_table_index.get(LE) as usize);
            let target = self.resolve(index, bases, externals)?;
            let place = Place {
                section: &section.name,
                offset: at,
                address: Va(bases.payload.0 + section.offset + u64::from(at)),
            };
            let relative_to = if section.is_unwind() {
                bases.payload
            } else {
                bases.module
            };
            Fixup::from_coff(relocation.typ.get(LE), place)?
                .apply(&mut data, target, relative_to, place)
                .map_err(|error| error.naming(&self.object, index))?;
        }
        Ok(data)
    }

    fn resolve(
        &self,
        index: object::SymbolIndex,
        bases: Bases,
        externals: &Externals<'_>,
    ) -> Result<Va, LinkError> {
        let table = self.object.coff_symbol_table();
        let symbol = table.symbol(index).map_err(LinkError::NotCoff)?;
        let name = symbol
            .name(table.strings())
            .map_err(LinkError::NotCoff)
            .map(|n| String::from_utf8_lossy(n).into_owned())?;
        match symbol.section_number.get(LE) {
            0 if name == ACTIVE_SYMBOL => Ok(bases.active),
            // A value in an undefined symbol makes it a common one: data with no home.
            0 if symbol.value.get(LE) == 0 && !symbol.has_aux_section() && !is_weak(symbol) => {
                let old = externals.old.get(name.as_str());
                old.map(|rva| rva.at(bases.module))
                    .or_else(|| externals.imports.get(&name).copied())
                    .ok_or(LinkError::Undefined { symbol: name })
            }
            n if n != 0 && n < 0xff00 && externals.kept.contains_key(&name) => {
                Ok(externals.kept[&name])
            }
            n if n != 0 && n < 0xff00 => self
                .section(usize::from(n))
                .map(|s| Va(bases.payload.0 + s.offset + u64::from(symbol.value.get(LE))))
                .ok_or(LinkError::Discarded { symbol: name }),
            _ => Err(LinkError::SymbolKind { symbol: name }),
        }
    }

    fn section(&self, number: usize) -> Option<&Section<'a>> {
        self.sections.iter().find(|s| s.number == number)
    }

    /// Addresses of the symbols that sections of the payload define.
    fn defined(&self, bases: Bases) -> Result<HashMap<String, Va>, LinkError> {
        let table = self.object.coff_symbol_table();
        let by_number: HashMap<usize, u64> =
            self.sections.iter().map(|s| (s.number, s.offset)).collect();
        let mut symbols = HashMap::new();
        for (_, symbol) in table.iter() {
            let Some(offset) = by_number.get(&usize::from(symbol.section_number.get(LE))) else {
                continue;
            };
            let external = symbol.storage_class == object::pe::IMAGE_SYM_CLASS_EXTERNAL;
            if symbol.has_aux_section() {
                continue;
            }
            let name = symbol.name(table.strings()).map_err(LinkError::NotCoff)?;
            let name = String::from_utf8_lossy(name).into_owned();
            let at = Va(bases.payload.0 + offset + u64::from(symbol.value.get(LE)));
            if external && symbols.contains_key(&name) {
                return Err(LinkError::Duplicate { symbol: name });
            }
            symbols.entry(name).or_insert(at);
        }
        Ok(symbols)
    }

    /// Windows looks the table up by binary search: it must ascend by begin address.
    fn sort_function_table(&self, pages: &mut [Pages], bases: Bases) -> Option<(Va, u32)> {
        let (first, last) = self.function_table_span()?;
        let group = self.sections.iter().find(|s| s.is_pdata())?.group;
        let start = (first - self.groups[group].offset) as usize;
        let bytes = &mut pages[group].bytes[start..start + (last - first) as usize];
        let mut entries: Vec<[u8; RUNTIME_FUNCTION]> =
            bytes.as_chunks::<RUNTIME_FUNCTION>().0.to_vec();
        entries.sort_by_key(|e| u32::from_le_bytes([e[0], e[1], e[2], e[3]]));
        bytes.copy_from_slice(entries.as_flattened());
        Some((Va(bases.payload.0 + first), entries.len() as u32))
    }

    fn function_table_span(&self) -> Option<(u64, u64)> {
        let tables = || self.sections.iter().filter(|s| s.is_pdata() && s.size > 0);
        let first = tables().map(|s| s.offset).min()?;
        let last = tables().map(|s| s.offset + u64::from(s.size)).max()?;
        Some((first, last))
    }
}

fn is_weak(symbol: &object::pe::ImageSymbol) -> bool {
    symbol.storage_class == object::pe::IMAGE_SYM_CLASS_WEAK_EXTERNAL
}
