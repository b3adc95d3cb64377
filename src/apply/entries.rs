//! The bytes at the entries of replaced functions, read and written in few operations.
//!
//! An entry of five bytes or more gets a jump to the function's gate. A shorter one gets a
//! jump of two bytes to a relay: a jump in padding nearby. Relays are written before the
//! entries that lead to them, and taken away after them.
//!
//! An operation on another process costs about the same for five bytes as for five
//! thousand, so entries near each other are handled as one span.

use super::fault;
use super::record::{Body, Protected, Site};
use super::target::{Protection, Target, TargetError};
use crate::addr::Va;

/// Entries further apart than this are not read, and their pages not unprotected, in one
/// operation.
const MAX_GAP: u64 = 0x4_0000;

/// Most bytes that are read in one operation to see what is at entries.
const MAX_READ: u64 = 0x10_0000;

/// Entries further apart than this are not written in one operation: a page that is written
/// becomes private to the process, so a large gap would cost memory.
const MAX_WRITTEN_GAP: usize = 0x4000;

/// What is at an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryBytes {
    /// What was there before the patch.
    Original,
    /// The patch's redirect.
    Redirect,
    /// The redirect of a patch that replaced this one.
    Covered,
    /// Something that the patch didn't write.
    Foreign(Vec<u8>),
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

/// Groups the pages of sites (ascending, first byte and first byte after) into spans of one
/// protection.
///
/// # Errors
/// Where a page can't be queried, or a site lies across two protections.
pub fn spans<T: Target + ?Sized>(
    target: &T,
    sites: &[(Va, Va)],
) -> Result<Vec<Protected>, TargetError> {
    const PAGE: u64 = 0x1000;
    let mut spans: Vec<Protected> = Vec::new();
    // First address after the region that the last span lies in.
    let mut region_end = 0;
    for (at, site_end) in sites {
        let first = at.0 & !(PAGE - 1);
        let end = site_end.0.next_multiple_of(PAGE);
        if let Some(last) = spans.last_mut()
            && first <= last.at.0 + last.size + MAX_GAP
            && end <= region_end
        {
            last.size = last.size.max(end - last.at.0);
            continue;
        }
        let region = target.region(*at)?;
        let region = region.filter(|r| r.end().0 >= end).ok_or_else(|| {
            let reason = "the entry is not inside one readable region";
            TargetError::Memory {
                action: "query",
                at: *at,
                size: site_end.0 - at.0,
                source: std::io::Error::other(reason),
            }
        })?;
        region_end = region.end().0;
        spans.push(Protected {
            at: Va(first),
            size: end - first,
            protection: lasting(region.protection).0,
        });
    }
    Ok(spans)
}

/// What pages get back that can't run when a patcher has died. Code that can be written as well
/// is being written by the program at this moment, and no record makes it so.
fn lasting(protection: Protection) -> Protection {
    match protection.executable() && protection.writable() {
        true => Protection::EXECUTE_READ,
        false => protection,
    }
}

/// What is at each site of a patch, in the order of [`Body::sites`].
///
/// # Errors
/// Where a site can't be read.
pub fn observe<T: Target + ?Sized>(
    target: &T,
    body: &Body,
) -> Result<Vec<EntryBytes>, TargetError> {
    let mut seen = Vec::with_capacity(body.entries.len() + body.relays.len());
    for sites in [&body.entries, &body.relays] {
        for span in spans_of(body, sites).flat_map(Span::windows) {
            let bytes = span.read(target)?;
            let classes = span.sites.iter();
            seen.extend(classes.map(|s| classify(s, span.slot(s, &bytes))));
        }
    }
    if seen.len() == body.sites().count() {
        led_elsewhere(body, &mut seen);
    }
    Ok(seen)
}

/// A jump to a relay has the same two bytes whichever patch wrote it: it is this patch's own
/// only where the relay is.
fn led_elsewhere(body: &Body, seen: &mut [EntryBytes]) {
    let (entries, relays) = seen.split_at_mut(body.entries.len());
    for (site, found) in body.entries.iter().zip(entries) {
        let relay = body.relays.iter().position(|r| r.function == site.function);
        if *found == EntryBytes::Redirect
            && relay.is_some_and(|r| relays[r] != EntryBytes::Redirect)
        {
            *found = EntryBytes::Foreign(site.redirect.clone());
        }
    }
}

/// A jump to a relay that a patch above has made its own leads to that one.
pub(super) fn lead_to_covered(body: &Body, seen: &mut [EntryBytes]) {
    if seen.len() != body.sites().count() {
        return;
    }
    let (entries, relays) = seen.split_at_mut(body.entries.len());
    for (site, found) in body.entries.iter().zip(entries) {
        let relay = body.relays.iter().position(|r| r.function == site.function);
        let covered = relay.is_some_and(|r| relays[r] == EntryBytes::Covered);
        if covered && *found == EntryBytes::Foreign(site.redirect.clone()) {
            *found = EntryBytes::Covered;
        }
    }
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
    for span in in_order(body, wanted) {
        if let Some(site) = write_span(target, &span, wanted)? {
            return Err(WriteError::Changed(body.name_of(site).to_owned()));
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
    for span in in_order(body, Wanted::Original) {
        write_span(target, &span, Wanted::Original)?;
    }
    Ok(())
}

/// No entry may lead to a relay that is not there, whatever happens in between.
fn in_order(body: &Body, wanted: Wanted) -> impl Iterator<Item = Span<'_>> {
    let order = match wanted {
        Wanted::Redirect => [&body.relays, &body.entries],
        Wanted::Original => [&body.entries, &body.relays],
    };
    order.into_iter().flat_map(|sites| spans_of(body, sites))
}

/// Writes the sites of a span, and says which one was left alone because other software
/// has changed it.
fn write_span<'s, T: Target + ?Sized>(
    target: &T,
    span: &Span<'s>,
    wanted: Wanted,
) -> Result<Option<&'s Site>, TargetError> {
    let before = span.read(target)?;
    let mut after = before.clone();
    let mut changed = None;
    for site in span.sites {
        let at = span.offset(site);
        let slot = &mut after[at..at + site.original.len()];
        match (classify(site, slot), wanted) {
            (EntryBytes::Foreign(_), _) => changed = Some(site),
            (_, Wanted::Original) => slot.copy_from_slice(&site.original),
            (_, Wanted::Redirect) => slot.copy_from_slice(&site.redirect),
        }
    }
    if after == before {
        return Ok(changed);
    }
    target.hold()?;
    let written = write_pages(target, span, &after);
    target.let_go()?;
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

/// Writes a span, whose pages can't run meanwhile.
fn write_pages<T: Target + ?Sized>(
    target: &T,
    span: &Span<'_>,
    bytes: &[u8],
) -> Result<(), TargetError> {
    let pages = span.pages;
    // The program may have changed it since the record was written.
    let protections = protections(target, pages)?;
    target.protect(pages.at, pages.size, Protection::READ_WRITE)?;
    fault::point("unprotected");
    let written = span.clusters().try_for_each(|(from, to)| {
        let at = Va(span.start().0 + from as u64);
        target.write(at, &bytes[from..to])
    });
    fault::point("entries-written");
    for now in &protections {
        target.protect(now.at, now.size, restored(now))?;
    }
    written
}

/// The protections that pages have now. Pages that can't be executed were left so by a
/// patcher that died; they get what they had before the patch.
fn protections<T: Target + ?Sized>(
    target: &T,
    pages: &Protected,
) -> Result<Vec<Protected>, TargetError> {
    let mut parts = parts(target, pages)?;
    for part in &mut parts {
        if !part.protection().executable() {
            part.protection = pages.protection;
        }
    }
    Ok(parts)
}

/// Pages in parts that are protected alike, with what they have now.
fn parts<T: Target + ?Sized>(target: &T, pages: &Protected) -> Result<Vec<Protected>, TargetError> {
    let end = pages.at.0 + pages.size;
    let mut found = Vec::new();
    let mut at = pages.at;
    while at.0 < end {
        let region = target.region(at)?;
        let next = region.map_or(end, |r| r.end().0).clamp(at.0 + 1, end);
        let now = region.map_or(Protection::NONE, |r| r.protection);
        found.push(Protected {
            at,
            size: next - at.0,
            protection: now.0,
        });
        at = Va(next);
    }
    Ok(found)
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
/// nothing where it is right already, or where the program has made them executable in a
/// way of its own.
///
/// # Errors
/// Where the target refuses.
pub fn restore_protection<T: Target + ?Sized>(target: &T, body: &Body) -> Result<(), TargetError> {
    for pages in &body.pages {
        let wanted = pages.protection();
        let fits = |now: Protection| now == wanted || (now.executable() && wanted.executable());
        let parts = parts(target, pages)?;
        for part in parts.iter().filter(|p| !fits(p.protection())) {
            target.protect(part.at, part.size, restored(pages))?;
        }
    }
    Ok(())
}

/// The sites that lie in the same pages.
struct Span<'a> {
    pages: &'a Protected,
    sites: &'a [Site],
}

impl<'a> Span<'a> {
    /// The same in parts of no more than [`MAX_READ`] bytes.
    fn windows(self) -> impl Iterator<Item = Span<'a>> {
        let mut left = self.sites;
        std::iter::from_fn(move || {
            let first = left.first()?;
            let near = left.partition_point(|s| s.end().0 - first.at.0 <= MAX_READ);
            let (sites, rest) = left.split_at(near.max(1));
            left = rest;
            let pages = self.pages;
            Some(Span { pages, sites })
        })
    }

    fn start(&self) -> Va {
        self.sites[0].at
    }

    fn offset(&self, site: &Site) -> usize {
        (site.at.0 - self.start().0) as usize
    }

    fn end(&self, site: &Site) -> usize {
        (site.end().0 - self.start().0) as usize
    }

    fn slot<'b>(&self, site: &Site, bytes: &'b [u8]) -> &'b [u8] {
        &bytes[self.offset(site)..self.end(site)]
    }

    /// Ranges that are written in one operation, as offsets from the first site.
    fn clusters(&self) -> impl Iterator<Item = (usize, usize)> {
        let near = |a: &Site, b: &Site| self.offset(b) - self.offset(a) < MAX_WRITTEN_GAP;
        self.sites.chunk_by(near).map(|group| {
            let last = &group[group.len() - 1];
            (self.offset(&group[0]), self.end(last))
        })
    }

    /// From the first site to the end of the last.
    fn read<T: Target + ?Sized>(&self, target: &T) -> Result<Vec<u8>, TargetError> {
        let last = &self.sites[self.sites.len() - 1];
        target.read_vec(self.start(), self.end(last))
    }
}

fn spans_of<'b>(body: &'b Body, sites: &'b [Site]) -> impl Iterator<Item = Span<'b>> {
    body.pages.iter().filter_map(|pages| {
        let from = sites.partition_point(|s| s.at < pages.at);
        let to = sites.partition_point(|s| s.at.0 < pages.at.0 + pages.size);
        let sites = &sites[from..to];
        (!sites.is_empty()).then_some(Span { pages, sites })
    })
}

fn classify(site: &Site, found: &[u8]) -> EntryBytes {
    if found == site.original {
        EntryBytes::Original
    } else if found == site.redirect {
        EntryBytes::Redirect
    } else {
        EntryBytes::Foreign(found.to_vec())
    }
}
