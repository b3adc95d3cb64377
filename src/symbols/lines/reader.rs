//! Reads line tables with the `pdb` crate.

use std::collections::{BTreeMap, HashMap};

use pdb::{
    AddressMap, FallibleIterator, FileChecksum, FileIndex, IdIndex, Inlinee, LineProgram,
    ModuleInfo, PdbInternalSectionOffset, StringTable, SymbolData,
};

use super::{CodeRange, Lines, RangeLines, Row};
use crate::addr::Rva;
use crate::symbols::{SymbolsError, container, raw};

/// Line numbers that mean "compiler-generated", not a line (cvinfo.h, `CV_Line_t`).
const NO_LINES: [u32; 3] = [0, 0xf0_0f00, 0xfe_efee];
/// Deeper inlining than this is not followed; compilers stop far earlier.
const MAX_DEPTH: usize = 64;

/// Reads the lines of these ranges, from the modules that hold them.
pub fn read(pdb: &[u8], wanted: &[CodeRange]) -> Result<Lines, SymbolsError> {
    let mut by_module: BTreeMap<u32, Vec<CodeRange>> = BTreeMap::new();
    for range in wanted {
        by_module.entry(range.module.0).or_default().push(*range);
    }
    let mut file = container::open(pdb)?;
    let map = file.address_map()?;
    let Ok(strings) = file.string_table() else {
        return Ok(Lines::default());
    };
    let debug = file.debug_information()?;
    let mut lines = Lines::default();
    let mut names = FileNames::default();
    let mut modules = debug.modules()?;
    let mut index = 0;
    while let Some(module) = modules.next()? {
        if let Some(ranges) = by_module.remove(&index)
            && let Some(info) = file.module_info(&module)?
        {
            let mut reader = ModuleLines {
                map: &map,
                strings: &strings,
                names: &mut names,
                module: index,
                lines: &mut lines,
            };
            // A damaged line table leaves its module without lines.
            let _ = reader.read(&info, &ranges);
        }
        index += 1;
        if by_module.is_empty() {
            break;
        }
    }
    lines.files = names.list;
    lines.checksums = names.checksums;
    Ok(lines)
}

/// File names, each once.
#[derive(Default)]
struct FileNames {
    list: Vec<String>,
    checksums: Vec<String>,
    of_name: HashMap<String, u32>,
    /// By module and the module's own index.
    known: HashMap<(u32, u32), u32>,
}

struct ModuleLines<'r, 'm> {
    map: &'r AddressMap<'m>,
    strings: &'r StringTable<'m>,
    names: &'r mut FileNames,
    module: u32,
    lines: &'r mut Lines,
}

/// A checksum as text; empty where there is none.
fn text(checksum: &FileChecksum<'_>) -> String {
    match checksum {
        FileChecksum::None => String::new(),
        FileChecksum::Md5(bytes) => format!("md5 {}", hex::encode(bytes)),
        FileChecksum::Sha1(bytes) => format!("sha1 {}", hex::encode(bytes)),
        FileChecksum::Sha256(bytes) => format!("sha256 {}", hex::encode(bytes)),
    }
}

/// A record's line and the range that it is valid for.
fn row(file: u32, line: u32, start: Rva, length: u32) -> Option<Row> {
    (!NO_LINES.contains(&line)).then_some(Row {
        start,
        end: Rva(start.0.saturating_add(length)),
        file,
        line,
    })
}

impl ModuleLines<'_, '_> {
    fn read(&mut self, info: &ModuleInfo<'_>, ranges: &[CodeRange]) -> Result<(), SymbolsError> {
        let program = info.line_program()?;
        for range in ranges {
            let offset = pdb::Rva(range.rva.0).to_internal_offset(self.map);
            let mut rows = Vec::new();
            if let Some(offset) = offset {
                let mut records = program.lines_for_symbol(offset);
                while let Some(record) = records.next()? {
                    let Some(start) = self.rva(record.offset) else {
                        continue;
                    };
                    let file = self.file(&program, record.file_index);
                    let length = record.length.unwrap_or(1);
                    rows.extend(row(file, record.line_start, start, length));
                }
            }
            rows.sort_unstable();
            let found = RangeLines {
                end: Rva(range.rva.0.saturating_add(range.size)),
                levels: vec![rows],
            };
            self.lines.ranges.insert(range.rva, found);
        }
        self.inline_sites(info, &program, ranges)?;
        for range in ranges {
            if let Some(found) = self.lines.ranges.get_mut(&range.rva) {
                found
                    .levels
                    .iter_mut()
                    .for_each(|rows| rows.sort_unstable());
            }
        }
        Ok(())
    }

    fn rva(&self, offset: PdbInternalSectionOffset) -> Option<Rva> {
        offset.to_rva(self.map).map(|r| Rva(r.0))
    }

    fn file(&mut self, program: &LineProgram<'_>, index: FileIndex) -> u32 {
        if let Some(known) = self.names.known.get(&(self.module, index.0)) {
            return *known;
        }
        let info = program.get_file_info(index);
        let checksum = info
            .as_ref()
            .map_or_else(|_| String::new(), |i| text(&i.checksum));
        let name = info.and_then(|i| Ok(i.name.to_string_lossy(self.strings)?.into_owned()));
        let name = name.unwrap_or_default();
        let next = self.names.list.len() as u32;
        let number = *self.names.of_name.entry(name.clone()).or_insert(next);
        if number == next {
            self.names.list.push(name);
            self.names.checksums.push(checksum);
        } else if self.names.checksums[number as usize] != checksum {
            self.names.checksums[number as usize].clear();
        }
        self.names.known.insert((self.module, index.0), number);
        number
    }

    /// Adds the lines of what was inlined into the wanted ranges.
    fn inline_sites(
        &mut self,
        info: &ModuleInfo<'_>,
        program: &LineProgram<'_>,
        ranges: &[CodeRange],
    ) -> Result<(), SymbolsError> {
        let mut inlinees: HashMap<IdIndex, Inlinee<'_>> = HashMap::new();
        let mut list = info.inlinees()?;
        while let Some(inlinee) = list.next()? {
            inlinees.insert(inlinee.index(), inlinee);
        }
        if inlinees.is_empty() {
            return Ok(());
        }
        // The wanted procedure that is open, and how deep in its scopes and inline sites
        // the reader is.
        let mut open: Option<(Rva, PdbInternalSectionOffset)> = None;
        let mut scopes: Vec<bool> = Vec::new();
        let mut symbols = info.symbols()?;
        while let Some(symbol) = symbols.next()? {
            let kind = symbol.raw_kind();
            if symbol.starts_scope() {
                scopes.push(raw::is_inline_site(kind));
            } else if symbol.ends_scope() {
                scopes.pop();
            }
            if raw::is_procedure(kind) {
                open = None;
                if let Ok(SymbolData::Procedure(p)) = symbol.parse()
                    && let Some(rva) = self.rva(p.offset)
                    && ranges.iter().any(|r| r.rva == rva)
                {
                    open = Some((rva, p.offset));
                }
            } else if raw::is_inline_site(kind)
                && let Some((rva, offset)) = open
                && let Ok(SymbolData::InlineSite(site)) = symbol.parse()
                && let Some(inlinee) = inlinees.get(&site.inlinee)
            {
                let depth = scopes.iter().filter(|inlined| **inlined).count();
                let mut rows = Vec::new();
                let mut records = inlinee.lines(offset, &site);
                while let Ok(Some(record)) = records.next() {
                    let Some(start) = self.rva(record.offset) else {
                        continue;
                    };
                    let file = self.file(program, record.file_index);
                    let length = record.length.unwrap_or(1);
                    rows.extend(row(file, record.line_start, start, length));
                }
                if let Some(found) = self.lines.ranges.get_mut(&rva)
                    && depth <= MAX_DEPTH
                {
                    let levels = found.levels.len().max(depth + 1);
                    found.levels.resize_with(levels, Vec::new);
                    found.levels[depth].extend(rows);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiler_generated_code_has_no_line() {
        assert_eq!(row(0, 0xfeefee, Rva(0), 4), None);
        assert_eq!(row(0, 0xf00f00, Rva(0), 4), None);
        assert!(row(0, 7, Rva(0), 4).is_some());
    }
}
