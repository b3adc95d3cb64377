//! The bytes at the entries of replaced functions, read and written in few operations.
//!
//! An operation on another process costs about the same for five bytes as for five
//! thousand, so entries near each other are handled as one span.

use super::record::{Body, Function, Protected};
use super::target::{Protection, Target, TargetError};
use crate::addr::Va;
use crate::payload::names::REDIRECT_LEN;

const LEN: usize = REDIRECT_LEN as usize;

/// Entries further apart than this are not put into one span. Writing a page makes it
/// private to the process, so a large gap would cost memory.
const MAX_GAP: u64 = 0x4000;

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

/// Gives every entry its wanted bytes, and leaves the protection of the pages as it was.
/// The target must be frozen. Entries with foreign bytes are left alone.
///
/// # Errors
/// Where the target can't be read or written, or holds something else afterwards. What was
/// written until then stays.
pub fn write<T: Target + ?Sized>(
    target: &T,
    body: &Body,
    wanted: Wanted,
) -> Result<(), TargetError> {
    for span in spans_of(body) {
        let before = span.read(target)?;
        let mut bytes = before.clone();
        for function in span.functions {
            let at = span.offset(function);
            if !matches!(
                classify(function, &bytes[at..at + LEN]),
                EntryBytes::Foreign(_)
            ) {
                bytes[at..at + LEN].copy_from_slice(match wanted {
                    Wanted::Original => &function.original,
                    Wanted::Redirect => &function.redirect,
                });
            }
        }
        if bytes == before {
            continue;
        }
        let pages = span.pages;
        target.protect(pages.at, pages.size, Protection::READ_WRITE)?;
        super::fault::point("unprotected");
        let written = target.write(span.start(), &bytes);
        super::fault::point("entries-written");
        target.protect(pages.at, pages.size, pages.protection())?;
        written?;
        let found = span.read(target)?;
        if let Some(i) = (0..bytes.len()).find(|i| bytes[*i] != found[*i]) {
            return Err(TargetError::NotWritten {
                at: Va(span.start().0 + i as u64),
            });
        }
        target.flush_code(span.start(), bytes.len() as u64)?;
    }
    Ok(())
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
            target.protect(pages.at, pages.size, pages.protection())?;
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
