//! How long tables of distances are: their entries do not say it.
//!
//! A table has as many entries as lead somewhere sensible, at most. It ends earlier
//!
//! * where something begins to which somebody else refers, or a symbol;
//! * where its own user refers to something that is not read as an entry: a constant behind it;
//! * where an address begins that the loader relocates;
//! * at the smallest of the places behind it that its entries lead to: nothing that an entry
//!   leads to lies in the table. What lies behind the true end may be read as one entry more,
//!   which leads further than to its own end, so that no entry is lost by this.

use super::endings::{End, end_at};
use super::uses::{self, Use};
use super::{Program, ReferenceKind, Site, reach};
use crate::addr::Rva;

impl Program<'_> {
    /// Ends tables of distances where they end at the latest.
    pub(super) fn limit_lookups(&mut self) {
        let rooms: Vec<u32> = self
            .switch_tables
            .iter()
            .map(|t| t.table)
            .map(|table| {
                let room = reach::table_extent(self, table);
                let pointer = self.image.relocations_in(table, room).first();
                pointer.map_or(room, |p| room.min(p.0.saturating_sub(table.0)))
            })
            .collect();
        let mut rooms = rooms;
        self.end_before_constants(&mut rooms);
        for (index, room) in rooms.into_iter().enumerate() {
            let table = self.switch_tables[index];
            if table.branch == Rva(0) {
                let targets = self.image.switch_targets(&table).unwrap_or_default();
                self.switch_tables[index].entries = entries(table.table, &targets, room);
            }
        }
    }

    /// What is done with the address that an entry of a table of distances leads to, which may
    /// be the end of something, by all who use the table.
    pub(super) fn use_of_entry(&self, place: Rva, end: &End) -> Use {
        let Some((index, _)) = self.lookup_at(place) else {
            return Use::Open;
        };
        let table = &self.switch_tables[index as usize];
        let sites = self.incoming().within(table.table, table.end()).iter();
        let mut held = sites.filter_map(|(target, site)| match site {
            Site::Code(..) => None,
            Site::Pointer(other) => Some((*other, *target)),
        });
        // Where a table ends and this one begins, the end may be all that is meant.
        let is_end = |(other, target): (Rva, Rva)| {
            let index = self.lookup_at(other).map(|(index, _)| index);
            let before = end_at(self, target);
            matches!((index, before), (Some(index), Some(before))
                if self.use_by_code(index, &before) == Use::End)
        };
        match held.all(is_end) {
            true => self.use_by_code(index, end),
            false => Use::Open,
        }
    }

    /// The same by the code that refers to the table.
    fn use_by_code(&self, index: u32, end: &End) -> Use {
        let table = &self.switch_tables[index as usize];
        let range = (table.table, table.end());
        let sites = self.incoming().within(range.0, range.1).iter();
        let mut users = sites.filter_map(|(_, site)| match site {
            Site::Code(function, _) => Some(uses::of_entries(self, *function, range, end)),
            Site::Pointer(_) => None,
        });
        let first = users.next().unwrap_or(Use::Open);
        match users.all(|used| used == first) {
            true => first,
            false => Use::Open,
        }
    }

    /// Ends them before constants of the functions that use them.
    fn end_before_constants(&self, rooms: &mut [u32]) {
        for code in &self.code {
            for used in code.tables.iter().filter(|t| t.branch == Rva(0)) {
                let known = self.switch_tables.iter();
                let first = self.switch_tables.partition_point(|t| t.table < used.table);
                let own = known
                    .enumerate()
                    .skip(first)
                    .take_while(|(_, t)| t.table == used.table);
                let Some((index, _)) = own.into_iter().find(|(_, t)| t.branch == Rva(0)) else {
                    continue;
                };
                for r in &code.references {
                    let other = match r.kind {
                        ReferenceKind::Access(size) => size != 4,
                        ReferenceKind::Address => !code.entries.contains(&r.target),
                        _ => false,
                    };
                    if other && r.target > used.table {
                        rooms[index] = rooms[index].min(r.target.0 - used.table.0);
                    }
                }
            }
        }
    }
}

/// How many entries a table has that lie in its first `room` bytes.
fn entries(table: Rva, targets: &[Rva], room: u32) -> u32 {
    let mut end = room;
    let mut count = 0;
    for target in targets {
        let next = (count + 1) * 4;
        if next > end || (table.0..table.0.saturating_add(next)).contains(&target.0) {
            break;
        }
        if *target > table {
            end = end.min(target.0 - table.0);
        }
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_ends_where_its_nearest_constant_begins() {
        let of = |targets: &[u32], room| {
            let targets: Vec<Rva> = targets.iter().map(|t| Rva(*t)).collect();
            entries(Rva(0x100), &targets, room)
        };
        // Two entries, and the constants 1 and 2 behind them.
        assert_eq!(of(&[0x108, 0x10c, 0x101, 0x102], 64), 2);
        // All lead back; what lies behind is the number 64.
        assert_eq!(of(&[0x80, 0x90, 0x140], 64), 3);
        assert_eq!(of(&[0x80, 0x90, 0x140], 8), 2);
        // The number 4 is no entry, it would lead into the table.
        assert_eq!(of(&[0x80, 0x104], 64), 1);
    }
}
