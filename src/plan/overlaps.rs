//! Constants without a symbol that overlap: one function refers to the whole of a literal,
//! another to its end. The payload holds them once, so that who points to the middle finds
//! the rest around it.

use super::closure::{Closure, Source};
use super::{FixupTarget, Piece, PieceIndex, PieceKind};
use crate::addr::Rva;

/// For each piece as it was: where it is now, and how far into that.
pub struct Moved(Vec<(PieceIndex, u32)>);

impl Moved {
    /// Where a piece is now that holds no constant.
    pub fn piece(&self, index: PieceIndex) -> PieceIndex {
        self.0[index.0 as usize].0
    }
}

impl Closure<'_> {
    /// Makes one piece of constants that overlap.
    pub fn join_overlaps(&mut self) -> Moved {
        let mut spans: Vec<(Rva, u32, PieceIndex)> = self
            .known_sources()
            .filter_map(|(index, source)| match source {
                Source::Constant(rva, size) => Some((rva, size, index)),
                _ => None,
            })
            .filter(|(_, size, index)| {
                // One that could not be filled was refused.
                self.pieces[index.0 as usize].bytes.len() == *size as usize
            })
            .collect();
        spans.sort_unstable();
        let mut joined: Vec<Option<(PieceIndex, u32)>> = vec![None; self.pieces.len()];
        for group in overlapping(&spans) {
            let (start, _, first) = group[0];
            for &(rva, _, index) in group.iter().skip(1) {
                joined[index.0 as usize] = Some((first, rva.0 - start.0));
                let part = self.pieces[index.0 as usize].clone();
                join(&mut self.pieces[first.0 as usize], part, rva.0 - start.0);
            }
            if group.len() > 1 {
                self.keep_alignments(first);
            }
        }
        self.renumber(&joined)
    }

    /// Takes the joined pieces out.
    fn renumber(&mut self, joined: &[Option<(PieceIndex, u32)>]) -> Moved {
        let mut place = Vec::new();
        let mut kept = 0;
        for part in joined {
            place.push(PieceIndex(kept));
            kept += u32::from(part.is_none());
        }
        let moved = joined.iter().zip(&place).map(|(part, own)| match part {
            Some((into, offset)) => (place[into.0 as usize], *offset),
            None => (*own, 0),
        });
        let moved = Moved(moved.collect());
        let pieces = std::mem::take(&mut self.pieces);
        let pieces = pieces.into_iter().zip(joined);
        self.pieces = pieces
            .filter_map(|(piece, part)| part.is_none().then_some(piece))
            .collect();
        for piece in &mut self.pieces {
            for fixup in &mut piece.fixups {
                if let FixupTarget::Piece(index) = fixup.target {
                    let (index, offset) = moved.0[index.0 as usize];
                    fixup.target = FixupTarget::Piece(index);
                    fixup.addend = fixup.addend.wrapping_add(offset as i32);
                }
            }
            for entry in &mut piece.unwind {
                entry.info = moved.piece(entry.info);
            }
        }
        self.exposed = self.exposed.iter().map(|p| moved.piece(*p)).collect();
        moved
    }
}

/// Runs of spans, ascending, each of which begins before those before it end.
fn overlapping(spans: &[(Rva, u32, PieceIndex)]) -> Vec<&[(Rva, u32, PieceIndex)]> {
    let mut groups = Vec::new();
    let (mut from, mut end) = (0, 0);
    for (at, (rva, size, _)) in spans.iter().enumerate() {
        if at > from && rva.0 >= end {
            groups.push(&spans[from..at]);
            from = at;
            end = 0;
        }
        end = end.max(rva.0.saturating_add(*size));
    }
    groups.push(&spans[from..]);
    groups.retain(|group| group.len() > 1);
    groups
}

/// Adds what a part holds to the piece that begins before it.
fn join(whole: &mut Piece, part: Piece, offset: u32) {
    debug_assert_eq!(whole.kind, PieceKind::Constant);
    let from = offset as usize;
    let known = whole.bytes.len().saturating_sub(from).min(part.bytes.len());
    whole.bytes.extend_from_slice(&part.bytes[known..]);
    for fixup in part.fixups {
        let at = fixup.at + offset;
        if whole.fixups.iter().all(|f| f.at != at) {
            whole.fixups.push(super::Fixup { at, ..fixup });
        }
    }
    whole.fixups.sort_by_key(|f| f.at);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_touches_stays_apart() {
        let span = |rva, size, piece| (Rva(rva), size, PieceIndex(piece));
        let spans = [
            span(0x100, 16, 3),
            span(0x104, 4, 1),
            span(0x110, 8, 2),
            span(0x200, 8, 0),
            span(0x204, 8, 4),
        ];
        assert_eq!(overlapping(&spans), [&spans[..2], &spans[3..]]);
    }
}
