//! Changed functions side by side: as a model, and as text in two columns.

use std::fmt::Write;

use super::{ChangedFunctionReport, InstructionReport, PieceReport, RowReport};
use crate::addr::Rva;
use crate::diff::{ChangedFunction, Comparer};
use crate::function::{Function, FunctionIndex};
use crate::report::listing::{Disassembler, Line, Side, align};
use crate::report::sanitize::line;

/// Widest left column in characters; longer instructions push the right one away.
const MAX_COLUMN: usize = 64;

/// All instructions of two pieces of code, aligned; one of them may be missing.
pub fn rows(
    old: Side<'_>,
    new: Side<'_>,
    pair: (Option<FunctionIndex>, Option<FunctionIndex>),
    comparer: &Comparer<'_>,
) -> Vec<RowReport> {
    let lines = |side, function: Option<FunctionIndex>| -> Vec<Line> {
        let lines = function.map(|f| Disassembler::new(side, f));
        lines.into_iter().flatten().collect()
    };
    let (of_old, of_new) = (lines(old, pair.0), lines(new, pair.1));
    let rows = align(&of_old, &of_new, comparer).into_iter();
    rows.map(|row| RowReport {
        old: row.old.map(|i| instruction(&of_old[i])),
        new: row.new.map(|i| instruction(&of_new[i])),
        same: row.same,
    })
    .collect()
}

/// The separated parts and funclets of a changed function, in their order in both builds.
pub fn pieces(
    old: Side<'_>,
    new: Side<'_>,
    change: &ChangedFunction,
    comparer: &Comparer<'_>,
) -> Vec<PieceReport> {
    let of_old = old.program.pieces_of(change.old);
    let of_new = new.program.pieces_of(change.new);
    let report = |at: usize| {
        let pair = (of_old.get(at).copied(), of_new.get(at).copied());
        let f = pair.0.map(|f| old.program.function(f));
        let g = pair.1.map(|g| new.program.function(g));
        PieceReport {
            name: g.or(f).map_or(String::new(), Function::display_name),
            old_rva: f.map(|f| f.rva),
            new_rva: g.map(|g| g.rva),
            side_by_side: rows(old, new, pair, comparer),
        }
    };
    (0..of_old.len().max(of_new.len())).map(report).collect()
}

impl PieceReport {
    /// What it is, in words.
    pub fn title(&self) -> String {
        let place = |rva: Option<Rva>| rva.map_or("nowhere".to_owned(), |rva| rva.to_string());
        let places = format!("{} → {}", place(self.old_rva), place(self.new_rva));
        format!("{}, a separate piece of it ({places})", line(&self.name))
    }
}

/// The model of one instruction.
pub fn instruction(line: &Line) -> InstructionReport {
    InstructionReport {
        offset: line.offset,
        instruction: line.text.clone(),
        file: line.source.as_ref().map(|s| s.file.clone()),
        line: line.source.as_ref().map(|s| s.line),
    }
}

impl InstructionReport {
    /// `file.c:12`, with the file's name alone; empty where no line is known.
    pub fn place(&self) -> String {
        match (&self.file, self.line) {
            (Some(file), Some(number)) => {
                let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
                format!("{}:{number}", line(name))
            }
            _ => String::new(),
        }
    }

    /// Offset and text.
    pub fn text(&self) -> String {
        format!("+{:#05x}  {}", self.offset, line(&self.instruction))
    }
}

/// A row's mark: what `sdiff` prints between its columns.
pub fn mark(row: &RowReport) -> char {
    match (&row.old, &row.new) {
        (Some(_), Some(_)) if row.same => ' ',
        (Some(_), None) => '<',
        (None, Some(_)) => '>',
        _ => '|',
    }
}

/// Appends the function in two columns, with a heading where the source line changes.
pub fn text(function: &ChangedFunctionReport, rows: &[RowReport], text: &mut String) {
    let _ = writeln!(text, "\n{}", line(&function.name));
    columns(rows, text);
    for piece in &function.pieces {
        let _ = writeln!(text, "\n  {}", piece.title());
        columns(&piece.side_by_side, text);
    }
}

fn columns(rows: &[RowReport], text: &mut String) {
    let left = |row: &RowReport| row.old.as_ref().map_or(0, |i| i.text().chars().count());
    let width = rows
        .iter()
        .map(left)
        .max()
        .unwrap_or(0)
        .clamp(24, MAX_COLUMN);
    let _ = writeln!(text, "    {:<width$}   new", "old");
    let mut shown = (String::new(), String::new());
    for row in rows {
        let place = |side: &Option<InstructionReport>, before: &String| match side {
            Some(i) => i.place(),
            None => before.clone(),
        };
        let places = (place(&row.old, &shown.0), place(&row.new, &shown.1));
        if places != shown {
            let part = |now: &String, before: &String| match now == before {
                true => String::new(),
                false => now.clone(),
            };
            let (a, b) = (part(&places.0, &shown.0), part(&places.1, &shown.1));
            let _ = writeln!(text, "{}", format!("  {a:<width$}     {b}").trim_end());
            shown = places;
        }
        let cell = |i: &Option<InstructionReport>| i.as_ref().map_or(String::new(), |i| i.text());
        let (a, b) = (cell(&row.old), cell(&row.new));
        let _ = writeln!(
            text,
            "{}",
            format!("    {a:<width$} {} {b}", mark(row)).trim_end()
        );
    }
}
