//! Source lines of a few functions, read on demand.
//!
//! The line tables of a large PDB are most of it, and a report needs those of the changed
//! functions only. So nothing is read before somebody asks for particular functions, and
//! then only from the modules that hold them.
//!
//! C13 line information comes in two forms (LLVM, `CodeViewDebug.cpp`; cvinfo.h). A
//! function's `DEBUG_S_LINES` subsection has a line for each range of its code; code that
//! was inlined carries the line of the outermost call there. Each `S_INLINESITE` record
//! has the lines of the inlined body, as binary annotations, and such records nest. So an
//! instruction has a *chain* of lines: of the function itself, of the function inlined
//! into it, and so on.

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;

use pdb::{
    AddressMap, FallibleIterator, FileIndex, IdIndex, Inlinee, LineProgram, ModuleInfo, PDB,
    PdbInternalSectionOffset, StringTable, SymbolData,
};

use super::{ModuleIndex, SymbolsError, raw};
use crate::addr::Rva;

/// A range of code whose lines are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodeRange {
    /// The module whose line table describes it.
    pub module: ModuleIndex,
    /// First byte; the start of a procedure or of a separated part of one.
    pub rva: Rva,
    /// Length in bytes.
    pub size: u32,
}

/// A place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLine<'l> {
    /// The file as the compiler recorded it.
    pub file: &'l str,
    /// The line, from 1.
    pub line: u32,
}

impl SourceLine<'_> {
    /// The file's name without its folder.
    pub fn file_name(&self) -> &str {
        self.file.rsplit(['/', '\\']).next().unwrap_or(self.file)
    }
}

/// Lines of code from `start` up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    start: Rva,
    end: Rva,
    file: u32,
    line: u32,
}

/// Lines of one range of code.
#[derive(Debug, Default)]
struct RangeLines {
    end: Rva,
    /// By depth of inlining, the function itself first; each by ascending address.
    levels: Vec<Vec<Row>>,
}

/// The lines of the ranges of code that were asked for.
#[derive(Debug, Default)]
pub struct Lines {
    files: Vec<String>,
    ranges: BTreeMap<Rva, RangeLines>,
}

/// Line numbers that mean "compiler-generated", not a line (cvinfo.h, `CV_Line_t`).
const NO_LINES: [u32; 3] = [0, 0xf0_0f00, 0xfe_efee];
/// Deeper inlining than this is not followed; compilers stop far earlier.
const MAX_DEPTH: usize = 64;

impl Lines {
    /// Reads the lines of these ranges. A range whose module has no line table, or one
    /// that cannot be read, has no lines afterwards: lines explain, they decide nothing
    /// alone.
    ///
    /// # Errors
    /// Where the PDB as a whole cannot be read.
    pub fn read(pdb: &[u8], wanted: &[CodeRange]) -> Result<Lines, SymbolsError> {
        if wanted.is_empty() {
            return Ok(Lines::default());
        }
        // As in `Symbols::parse`: the `pdb` crate asserts on some malformed records.
        std::panic::catch_unwind(|| read(pdb, wanted)).unwrap_or(Err(SymbolsError::Damaged))
    }

    /// The lines of the instruction at an address, the function's own first, then those of
    /// what was inlined there, ever deeper. Empty where none is known.
    pub fn chain(&self, rva: Rva) -> Vec<SourceLine<'_>> {
        let Some((_, range)) = self.ranges.range(..=rva).next_back() else {
            return Vec::new();
        };
        if rva >= range.end {
            return Vec::new();
        }
        let levels = range.levels.iter().map_while(|rows| row_at(rows, rva));
        levels.map(|row| self.source_line(row)).collect()
    }

    /// The line of the instruction at an address: that of the innermost inlined function.
    pub fn at(&self, rva: Rva) -> Option<SourceLine<'_>> {
        self.chain(rva).pop()
    }

    /// All lines that the range which starts here has code of, in no order.
    pub fn of_range(&self, start: Rva) -> impl Iterator<Item = SourceLine<'_>> {
        let rows = self.ranges.get(&start).into_iter();
        rows.flat_map(|r| r.levels.iter().flatten())
            .map(|row| self.source_line(row))
    }

    fn source_line(&self, row: &Row) -> SourceLine<'_> {
        SourceLine {
            file: &self.files[row.file as usize],
            line: row.line,
        }
    }
}

fn row_at(rows: &[Row], rva: Rva) -> Option<&Row> {
    let after = rows.partition_point(|row| row.start <= rva);
    rows.get(after.checked_sub(1)?).filter(|row| rva < row.end)
}

fn read(pdb: &[u8], wanted: &[CodeRange]) -> Result<Lines, SymbolsError> {
    let mut by_module: BTreeMap<u32, Vec<CodeRange>> = BTreeMap::new();
    for range in wanted {
        by_module.entry(range.module.0).or_default().push(*range);
    }
    let mut file = PDB::open(Cursor::new(pdb))?;
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
    Ok(lines)
}

/// File names, each once.
#[derive(Default)]
struct FileNames {
    list: Vec<String>,
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
        let name = info.and_then(|i| Ok(i.name.to_string_lossy(self.strings)?.into_owned()));
        let name = name.unwrap_or_default();
        let next = self.names.list.len() as u32;
        let number = *self.names.of_name.entry(name.clone()).or_insert(next);
        if number == next {
            self.names.list.push(name);
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

    fn lines() -> Lines {
        let row = |start, end, line| Row {
            start: Rva(start),
            end: Rva(end),
            file: 0,
            line,
        };
        let range = RangeLines {
            end: Rva(0x20),
            levels: vec![
                vec![row(0x10, 0x14, 1), row(0x14, 0x20, 2)],
                vec![row(0x16, 0x18, 90)],
            ],
        };
        Lines {
            files: vec![r"C:\src\a.c".into()],
            ranges: BTreeMap::from([(Rva(0x10), range)]),
        }
    }

    #[test]
    fn an_inlined_instruction_has_a_chain_of_lines() {
        let lines = lines();
        let numbers = |rva| -> Vec<u32> { lines.chain(Rva(rva)).iter().map(|l| l.line).collect() };
        assert_eq!(numbers(0x13), [1]);
        assert_eq!(numbers(0x16), [2, 90]);
        assert_eq!(numbers(0x18), [2]);
        assert_eq!(numbers(0xf), [0; 0]);
        assert_eq!(numbers(0x20), [0; 0]);
        assert_eq!(lines.at(Rva(0x17)).unwrap().line, 90);
        assert_eq!(lines.at(Rva(0x10)).unwrap().file_name(), "a.c");
    }

    #[test]
    fn compiler_generated_code_has_no_line() {
        assert_eq!(row(0, 0xfeefee, Rva(0), 4), None);
        assert_eq!(row(0, 0xf00f00, Rva(0), 4), None);
        assert!(row(0, 7, Rva(0), 4).is_some());
    }
}
