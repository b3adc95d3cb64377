//! What the functions of the patch refer to, directly or through pointers in data.

use std::collections::HashSet;

use super::map::{Class, Map};
use super::roles::{Role, Roles};
use crate::addr::Rva;
use crate::function::{Place, Program, ReferenceKind};
use crate::image::SectionKind;

/// What functions that are in the patch, or in one build only, refer to in both images.
pub struct Reach {
    old: Map,
    new: Map,
}

impl Reach {
    /// Follows the references of those functions.
    pub fn new(old: &Program<'_>, new: &Program<'_>, roles: &Roles) -> Self {
        Reach {
            old: reach(old, &roles.old),
            new: reach(new, &roles.new),
        }
    }

    /// Whether the patch reaches a byte of the old image.
    pub fn has_old(&self, rva: Rva) -> bool {
        self.old.at(rva) == Some(Class::InPatch)
    }

    /// Whether the patch reaches a byte of the new image.
    pub fn has_new(&self, rva: Rva) -> bool {
        self.new.at(rva) == Some(Class::InPatch)
    }
}

fn reach(program: &Program<'_>, roles: &[Role]) -> Map {
    let mut map = Map::new(program.image);
    let is_data = |rva: Rva| {
        let section = program.image.section_at(rva);
        section.is_some_and(|s| s.kind() != SectionKind::Code)
    };
    let mut waiting: Vec<(Rva, Option<u32>)> = Vec::new();
    for (index, role) in roles.iter().enumerate() {
        if !matches!(role, Role::InPatch | Role::Single) {
            continue;
        }
        let code = &program.code[index];
        for reference in &code.references {
            let accessed = match reference.kind {
                ReferenceKind::Access(size) => Some(u32::from(size)),
                ReferenceKind::ThreadLocal => continue,
                _ => None,
            };
            if is_data(reference.target) {
                waiting.push((reference.target, accessed));
            }
        }
        waiting.extend(code.tables.iter().map(|t| (t.table, None)));
    }
    let mut seen = HashSet::new();
    while let Some((rva, accessed)) = waiting.pop() {
        let (start, size) = match (program.place(rva), accessed) {
            (Place::Data(d, _), _) => {
                let item = program.datum(d);
                (item.rva, item.content_size())
            }
            (Place::SwitchTable(t), _) => {
                let table = &program.switch_tables[t as usize];
                let targets = program.image.switch_targets(table).unwrap_or_default();
                waiting.extend(
                    targets
                        .into_iter()
                        .filter(|t| is_data(*t))
                        .map(|t| (t, None)),
                );
                (rva, table.entries.saturating_mul(table.entry.width()))
            }
            (Place::Constant, None) => (rva, program.anonymous_extent(rva)),
            (Place::Variable, None) => (rva, program.unnamed_size(rva)),
            // The rest of an object is not read by anyone else either.
            (Place::Constant, Some(size)) => (rva, size.max(program.anonymous_extent(rva))),
            (Place::Variable, Some(size)) => (rva, size),
            _ => continue,
        };
        if !seen.insert((start, size)) {
            continue;
        }
        map.paint(start, size, Class::InPatch);
        // What a variable holds now is not known; it stays in any case.
        if program.is_writable(start) {
            continue;
        }
        for place in program.image.relocations_in(start, size) {
            if let Some(target) = program.image.pointer_at(*place).filter(|t| is_data(*t)) {
                waiting.push((target, None));
            }
        }
    }
    map
}
