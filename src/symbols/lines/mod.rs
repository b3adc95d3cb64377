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

mod reader;

use std::collections::{BTreeMap, BTreeSet};

use super::{ModuleIndex, SymbolsError, guard};
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
    /// Of the files, as hex; empty where it is not known.
    checksums: Vec<String>,
    ranges: BTreeMap<Rva, RangeLines>,
}

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
        guard::catch(|| reader::read(pdb, wanted))
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

    /// The source files that the range which starts here has code of, each once: path, and
    /// checksum as hex with the name of its kind; `None` where a compiler gave none, or two
    /// objects were made of two files of this name.
    pub fn files_of(&self, start: Rva) -> impl Iterator<Item = (&str, Option<&str>)> {
        let rows = self.ranges.get(&start).into_iter();
        let rows = rows.flat_map(|r| r.levels.iter().flatten());
        let files: BTreeSet<usize> = rows.map(|row| row.file as usize).collect();
        files.into_iter().filter_map(|file| {
            let checksum = self.checksums.get(file).filter(|c| !c.is_empty());
            Some((self.files.get(file)?.as_str(), checksum.map(String::as_str)))
        })
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
            checksums: vec!["md5 00".into()],
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
        let files: Vec<_> = lines.files_of(Rva(0x10)).collect();
        assert_eq!(files, [(r"C:\src\a.c", Some("md5 00"))]);
        assert_eq!(lines.files_of(Rva(0x14)).count(), 0);
    }
}
