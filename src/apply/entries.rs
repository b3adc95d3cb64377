//! The bytes at the entries of replaced functions, read and written in few operations.
//!
//! An operation on another process costs about the same for five bytes as for five
//! thousand, so entries near each other are handled as one span.

use super::fault;
use super::record::{Body, Function, Protected};
use super::target::{Protection, Target, TargetError};
use crate::addr::Va;
use crate::payload::names::REDIRECT_LEN;

const LEN: usize = REDIRECT_LEN as usize;

/// Entries further apart than this are not read, and their pages not unprotected, in one
/// operation.
const MAX_GAP: u64 = 0x4_0000;

/// Entries further apart than this are not written in one operation: a page that is written
/// becomes private to the process, so a large gap would cost memory.
const MAX_WRITTEN_GAP: usize = 0x4000;

/// What is at an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryBytes {
    /// What was there before the patch.
    Original,
    /// The patch's redirect.
    Redirect,
    /// Something that the patch didn't write.
    Foreign([u8; LEN]),
}

/// Which of its two contents an entry should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The bytes before the patch.
    Original,
    /// The redirect.
    Redirect,
}

/// Why entries were not written, or not all.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The target can't be worked on.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Other software has changed the entry of this function.
    #[error("the entry of {0} was changed by other software")]
    Changed(String),
}

/// Groups pages of entries (ascending) into spans of one protection.
///
/// # Errors
/// Where a page can't be queried, or an entry lies across two protections.
pub fn spans<T: Target + ?Sized>(
    target: &T,
    entries: &[Va],
) -> Result<Vec<Protected>, TargetError> {
    const PAGE: u64 = 0x1000;
    let mut spans: Vec<Protected> = Vec::new();
    // First address after the region that the last span lies in.
    let mut region_end = 0;
    for entry in entries {
        let first = entry.0 & !(PAGE - 1);
        let end = (entry.0 + LEN as u64).next_multiple_of(PAGE);
        if let Some(last) = spans.last_mut()
            && first <= last.at.0 + last.size + MAX_GAP
            && end <= region_end
        {
            last.size = last.size.max(end - last.at.0);
            continue;
        }
        let region = target.region(*entry)?;
        let region = region.filter(|r| r.end().0 >= end).ok_or_else(|| {
            let reason = "the entry is not inside one readable region";
            TargetError::Memory {
                action: "query",
                at: *entry,
                size: LEN as u64,
                source: std::io::Error::other(reason),
            }
        })?;
        region_end = region.end().0;
        spans.push(Protected {
            at: Va(first),
            size: end - first,
            protection: region.protection.0,
        });
    }
    Ok(spans)
}

/// What is at each entry of a patch, in the order of its functions.
///
/// # Errors
/// Where an entry can't be read.
pub fn observe<T: Target + ?Sized>(
    target: &T,
    body: &Body,
) -> Result<Vec<EntryBytes>, TargetError> {
    let mut seen = Vec::with_capacity(body.functions.len());
    for span in spans_of(body) {
        let bytes = span.read(target)?;
        seen.extend(
            span.functions
                .iter()
                .map(|f| classify(f, span.slot(f, &bytes))),
        );
    }
    Ok(seen)
}

/// Gives every entry its wanted bytes, leaves the protection of the pages as it was, and
/// reads back what is there then. The target must be frozen.
///
/// # Errors
/// Where the target can't be read or written, holds something else afterwards, or where
/// other software has changed an entry. What was written until then stays.
pub fn write<T: Target + ?Sized>(
    target: &T,
    body: &Body,
    wanted: Wanted,
) -> Result<(), WriteError> {
    for span in spans_of(body) {
        if let Some(function) = write_span(target, &span, wanted)? {
            return Err(WriteError::Changed(function));
        }
    }
    Ok(())
}

/// Gives every entry that holds the redirect its original bytes back, whatever the others
/// hold. The target must be frozen.
///
/// # Errors
/// Where the target can't be read or written, or holds something else afterwards.
pub fn put_back<T: Target + ?Sized>(target: &T, body: &Body) -> Result<(), TargetError> {
    for span in spans_of(body) {
        write_span(target, &span, Wanted::Original)?;
    }
    Ok(())
}

/// Writes the entries of a span, and says which one was left alone because other software
/// has changed it.
fn write_span<T: Target + ?Sized>(
    target: &T,
    span: &Span<'_>,
    wanted: Wanted,
) -> Result<Option<String>, TargetError> {
    let before = span.read(target)?;
    let mut after = before.clone();
    let mut changed = None;
    for function in span.functions {
        let at = span.offset(function);
        let slot = &mut after[at..at + LEN];
        match (classify(function, slot), wanted) {
            (EntryBytes::Foreign(_), _) => changed = Some(function.name.clone()),
            (_, Wanted::Original) => slot.copy_from_slice(&function.original),
            (_, Wanted::Redirect) => slot.copy_from_slice(&function.redirect),
        }
    }
    if after == before {
        return Ok(changed);
    }
    let pages = span.pages;
    target.protect(pages.at, pages.size, Protection::READ_WRITE)?;
    fault::point("unprotected");
    let written = span.clusters().try_for_each(|(from, to)| {
        let at = Va(span.start().0 + from as u64);
        target.write(at, &after[from..to])
    });
    fault::point("entries-written");
    target.protect(pages.at, pages.size, restored(pages))?;
    written?;
    let found = span.read(target)?;
    if let Some(i) = (0..after.len()).find(|i| after[*i] != found[*i]) {
        return Err(TargetError::NotWritten {
            at: Va(span.start().0 + i as u64),
        });
    }
    target.flush_code(span.start(), after.len() as u64)?;
    Ok(changed)
}

/// The protection that the pages had, such that control flow guard keeps its knowledge of
/// which addresses in them may be called (`PAGE_TARGETS_NO_UPDATE`).
fn restored(pages: &Protected) -> Protection {
    let protection = pages.protection();
    match protection.executable() {
        true => protection.keeping_targets(),
        false => protection,
    }
}

/// Gives the pages of the entries the protection that they had before the patch. Changes
/// nothing where it is right already.
///
/// # Errors
/// Where the target refuses.
pub fn restore_protection<T: Target + ?Sized>(target: &T, body: &Body) -> Result<(), TargetError> {
    for pages in &body.pages {
        let region = target.region(pages.at)?;
        if region.is_none_or(|r| r.protection != pages.protection()) {
            target.protect(pages.at, pages.size, restored(pages))?;
        }
    }
    Ok(())
}

/// The functions whose entries lie in the same pages.
struct Span<'a> {
    pages: &'a Protected,
    functions: &'a [Function],
}

impl Span<'_> {
    fn start(&self) -> Va {
        self.functions[0].entry
    }

    fn offset(&self, function: &Function) -> usize {
        (function.entry.0 - self.start().0) as usize
    }

    fn slot<'b>(&self, function: &Function, bytes: &'b [u8]) -> &'b [u8] {
        let at = self.offset(function);
        &bytes[at..at + LEN]
    }

    /// Ranges that are written in one operation, as offsets from the first entry.
    fn clusters(&self) -> impl Iterator<Item = (usize, usize)> {
        let near = |a: &Function, b: &Function| self.offset(b) - self.offset(a) < MAX_WRITTEN_GAP;
        self.functions.chunk_by(near).map(|group| {
            let last = &group[group.len() - 1];
            (self.offset(&group[0]), self.offset(last) + LEN)
        })
    }

    /// From the first entry to the end of the last.
    fn read<T: Target + ?Sized>(&self, target: &T) -> Result<Vec<u8>, TargetError> {
        let last = &self.functions[self.functions.len() - 1];
        target.read_vec(self.start(), self.offset(last) + LEN)
    }
}

fn spans_of(body: &Body) -> impl Iterator<Item = Span<'_>> {
    body.pages.iter().filter_map(|pages| {
        let from = body.functions.partition_point(|f| f.entry < pages.at);
        let to = body
            .functions
            .partition_point(|f| f.entry.0 < pages.at.0 + pages.size);
        let functions = &body.functions[from..to];
        (!functions.is_empty()).then_some(Span { pages, functions })
    })
}

fn classify(function: &Function, found: &[u8]) -> EntryBytes {
    if found == function.original {
        EntryBytes::Original
    } else if found == function.redirect {
        EntryBytes::Redirect
    } else {
        let mut bytes = [0; LEN];
        bytes.copy_from_slice(found);
        EntryBytes::Foreign(bytes)
    }
}
