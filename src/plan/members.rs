//! The variables that a payload brings, each under a name that the next build of the same
//! source gives it as well: a patch that replaces this one finds their values by it.

use super::closure::{Closure, Source};
use super::{Member, PieceIndex};
use crate::addr::Rva;
use crate::diff::{follows, rust_name, stable_name};
use crate::function::{DataIndex, DataItem, Program};

impl Closure<'_> {
    /// Notes which variables a piece holds.
    pub(super) fn name_members(&mut self, index: PieceIndex, source: Source) {
        let new = self.new;
        let members = match source {
            Source::Datum(d) if new.datum(d).writable => vec![named(new, d, d)],
            Source::Variables(first, last) => (first.0..=last.0)
                .map(|d| named(new, first, DataIndex(d)))
                .collect(),
            Source::Unnamed(rva) => vec![unnamed(new, rva)],
            _ => return,
        };
        let symbol = self.pieces[index.0 as usize].symbol.clone();
        let named = members.into_iter().enumerate().map(|(i, member)| Member {
            symbol: match i {
                0 => symbol.clone(),
                _ => self.names.unique(&member.symbol),
            },
            ..member
        });
        self.pieces[index.0 as usize].members = named.collect();
    }

    /// Says of two variables side by side, of which code takes an address that may be the
    /// start of the one or the end of the other, that they must not be separated.
    pub(super) fn glue_members(&mut self) {
        for (index, source) in self.known_variables() {
            let Source::Variables(first, _) = source else {
                continue;
            };
            let glued: Vec<bool> = (first.0..)
                .map(|d| self.glued.contains(&DataIndex(d)))
                .take(self.pieces[index.0 as usize].members.len())
                .collect();
            let members = &mut self.pieces[index.0 as usize].members;
            for (member, glued) in members.iter_mut().zip(glued) {
                member.glued = glued;
            }
        }
    }
}

fn named(new: &Program<'_>, first: DataIndex, d: DataIndex) -> Member {
    let item = new.datum(d);
    let records = &new.symbols.data;
    let record = records.iter().find(|record| record.rva == item.rva);
    Member {
        symbol: item.display_name().to_owned(),
        offset: item.rva.0 - new.datum(first).rva.0,
        size: item.content_size(),
        key: key(new, item),
        type_sha256: record.and_then(|r| new.symbols.types.digest(r.type_index)),
        glued: false,
    }
}

/// A variable without a symbol, such as a guard: known by the named one that it follows.
fn unnamed(new: &Program<'_>, rva: Rva) -> Member {
    let before = follows(new, rva).map(|d| new.datum(d));
    let key = before.and_then(|item| {
        let distance = rva.0 - item.rva.0;
        Some(format!("{} + {distance:#x}", key(new, item)?))
    });
    let size = new.unnamed_size(rva);
    Member {
        symbol: String::new(),
        offset: 0,
        size,
        type_sha256: key.as_ref().map(|_| "0".repeat(64)),
        key,
        glued: false,
    }
}

/// A name that the next build has too: decorated or global, else with its object file and
/// its function. `None` where there is none.
fn key(new: &Program<'_>, item: &DataItem) -> Option<String> {
    let global = item.names.iter().find(|n| n.global && n.scope.is_none());
    if let Some(name) = global {
        let stable = rust_name(&name.name);
        return Some(stable.unwrap_or_else(|| stable_name(&name.name).0.into_owned()));
    }
    let name = item.names.first()?;
    let module = new.symbols.modules.get(name.module?.0 as usize)?;
    let scope = name.scope.as_deref().unwrap_or_default();
    let (object, name) = (module.object_name(), stable_name(&name.name).0);
    Some(format!("{object}:{scope}:{name}"))
}
