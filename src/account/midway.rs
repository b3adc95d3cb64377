//! Numbers in data that lead into the middle of a function that is replaced: RVAs, and
//! distances from where they are or from where their table begins. Whoever goes there would go
//! on in the old code, as through a pointer (HP223); unlike a pointer, a number has no
//! relocation that says what it is.
//!
//! It is taken for a place in code where it is in data that no record gives a type and, if it
//! has no symbol, no compiler has made (assembler code has such tables), and where it and all
//! other numbers of the same object that lead into code lead to where an instruction begins.

use std::collections::HashMap;

use super::roles::{Role, Roles};
use super::tables::Tables;
use super::{Rest, Why};
use crate::addr::Rva;
use crate::diff::NumberForm;
use crate::function::{FunctionIndex, Place, Program, Site};
use crate::image::SectionKind;

/// Finds them in the old build.
pub fn account(program: &Program<'_>, roles: &Roles, tables: &Tables, rest: &mut Rest) {
    let replaced = |f: FunctionIndex| roles.old[f.0 as usize] == Role::InPatch;
    if !roles.old.contains(&Role::InPatch) {
        return;
    }
    let of_patch = program.function_indices().filter(|f| replaced(*f));
    let mut middles: Vec<(Rva, Rva, FunctionIndex)> = of_patch
        .map(|f| {
            let (start, end) = (program.function(f).rva, program.function(f).end());
            // A separated part has no entry of its own: it begins in the middle of its function.
            let entry = if program.is_part(f) {
                Rva(start.0 - 1)
            } else {
                start
            };
            (entry, end, f)
        })
        .collect();
    middles.sort_unstable();
    let mut scan = Scan {
        program,
        middles,
        starts: HashMap::new(),
    };
    let mut found: Vec<(FunctionIndex, Rva, Rva)> = scan.shared_tables(&replaced);
    let known = known_tables(program, tables);
    let sections = program.image.sections.iter();
    for s in sections.filter(|s| s.kind() != SectionKind::Code && !s.is_discardable()) {
        let bytes = program.image.rest_of_section(s.rva).unwrap_or(&[]);
        for (i, word) in bytes.chunks_exact(4).enumerate() {
            let number = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            let at = Rva(s.rva.0 + i as u32 * 4);
            if number != 0 {
                let hit = scan.hit(at, number, &known);
                found.extend(hit.map(|(f, to)| (f, at, to)));
            }
        }
    }
    for (f, at, to) in found {
        let detail = format!("the number at {at} leads into the middle of it, to {to}");
        let name = program.function(f).display_name();
        rest.add(Why::PointedInto, (Some(at), None), Some(name), detail);
    }
}

/// Ranges of data that are known for what they are: tables of the linker and of switches.
fn known_tables(program: &Program<'_>, tables: &Tables) -> Vec<(Rva, u32)> {
    let mut known = tables.ranges.clone();
    let switches = program.switch_tables.iter();
    known.extend(switches.map(|t| (t.table, t.entries.saturating_mul(t.entry.width()))));
    // Where code reads what others may write at any time, for emulators.
    let groups = program.symbols.groups.iter();
    let volatile = groups.filter(|g| g.name.ends_with("$voltmd"));
    known.extend(volatile.map(|g| (g.rva, g.size)));
    known
}

struct Scan<'s, 'p> {
    program: &'s Program<'p>,
    /// The functions that are replaced, and their parts: the last address before their middle,
    /// their end, which.
    middles: Vec<(Rva, Rva, FunctionIndex)>,
    /// Where the instructions of a function begin, as offsets.
    starts: HashMap<FunctionIndex, Vec<u32>>,
}

impl Scan<'_, '_> {
    /// Tables through which a function that stays jumps into one that is replaced.
    fn shared_tables(
        &self,
        replaced: &impl Fn(FunctionIndex) -> bool,
    ) -> Vec<(FunctionIndex, Rva, Rva)> {
        let program = self.program;
        let of_code = program.function_indices().flat_map(|f| {
            let tables = program.code_of(f).tables.iter();
            tables.map(move |t| (f, t))
        });
        let all = program.switch_tables.iter().filter_map(|t| {
            let branch = Some(t.branch).filter(|b| *b != Rva(0))?;
            Some((program.function_at(branch)?, t))
        });
        let mut found = Vec::new();
        // Whoever else holds the address of a table goes through it as well.
        let others = program.switch_tables.iter().flat_map(|t| {
            let sites = program.incoming().at(t.table).iter();
            sites.filter_map(move |(_, site)| match site {
                Site::Code(f, _) => Some((*f, t)),
                Site::Pointer(_) => None,
            })
        });
        let users = of_code.chain(all).chain(others);
        for (user, table) in users.filter(|(user, _)| !replaced(*user)) {
            let targets = program.image.switch_targets(table).unwrap_or_default();
            for to in targets {
                if let Place::Function(f, offset) = program.place(to)
                    && (offset > 0 || program.is_part(f))
                    && f != user
                    && replaced(f)
                {
                    found.push((f, table.table, to));
                }
            }
        }
        found.sort_unstable();
        found.dedup_by_key(|(f, table, _)| (*f, *table));
        found
    }

    /// The replaced function into whose middle a number leads, and where to.
    fn hit(&mut self, at: Rva, number: u32, known: &[(Rva, u32)]) -> Option<(FunctionIndex, Rva)> {
        let mut object = None;
        for form in [NumberForm::Image, NumberForm::Itself, NumberForm::Table(0)] {
            let form = match form {
                // Where the object begins is only looked for where it matters.
                NumberForm::Table(_) if !self.may_be_near(at, number) => continue,
                NumberForm::Table(_) => {
                    let range: (Rva, Rva) = *object.get_or_insert_with(|| self.object(at));
                    counted_from(range.0, form, at)
                }
                other => other,
            };
            let to = form.target(at, number);
            let Some(f) = self.middle(to) else {
                continue;
            };
            if known.iter().any(|(r, n)| at.0.wrapping_sub(r.0) < *n) {
                continue;
            }
            let range = *object.get_or_insert_with(|| self.object(at));
            // The zero behind a text and the digit that begins the next one are no number.
            if at.0 + 4 <= range.1.0
                && self.is_untyped(at)
                && self.all_lead_to_instructions(range, form)
            {
                return Some((f, to));
            }
        }
        None
    }

    /// The replaced function in whose middle a place is.
    fn middle(&self, rva: Rva) -> Option<FunctionIndex> {
        let after = self.middles.partition_point(|(from, _, _)| *from < rva);
        let (_, end, f) = self.middles[after.checked_sub(1)?];
        (rva < end).then_some(f)
    }

    /// Whether a distance from somewhat before a place may lead into code.
    fn may_be_near(&self, at: Rva, number: u32) -> bool {
        const LONGEST: u32 = 1 << 16;
        let to = Rva(at.0.wrapping_add(number));
        let is_code = |rva: Rva| {
            let section = self.program.image.section_at(rva);
            section.is_some_and(|s| s.kind() == SectionKind::Code)
        };
        (number as i32) < 0 && (is_code(to) || is_code(Rva(to.0.saturating_sub(LONGEST))))
    }

    /// The object around a place: from the last address before it to which something refers,
    /// to the next.
    fn object(&self, at: Rva) -> (Rva, Rva) {
        let program = self.program;
        let (mut from, mut to) = match program.symbols.contribution_at(at) {
            Some(c) => (c.rva, Rva(c.rva.0.saturating_add(c.size))),
            None => {
                let section = program.image.section_at(at);
                section.map_or((at, at), |s| (s.rva, s.end()))
            }
        };
        let data = &program.data;
        let next = data.partition_point(|d| d.rva <= at);
        if let Some(d) = next.checked_sub(1).map(|i| &data[i]) {
            from = from.max(d.rva);
        }
        if let Some(d) = data.get(next) {
            to = to.min(d.rva);
        }
        let own = program.incoming().within(from, to);
        for (target, _) in own {
            match *target <= at {
                true => from = from.max(*target),
                false => to = to.min(*target),
            }
        }
        (from, to)
    }

    /// Whether no record says what a place holds.
    fn is_untyped(&self, at: Rva) -> bool {
        const MADE: [&str; 3] = ["_ZT", "??_", ".refptr."];
        let Some(d) = self.program.datum_at(at) else {
            // What compilers make without a symbol, other than tables that are known, is texts
            // and constants.
            return self.program.is_by_hand(at);
        };
        let item = self.program.datum(d);
        let made = |name: &str| MADE.iter().any(|m| name.starts_with(m));
        item.type_name.is_none() && !item.names.iter().any(|n| made(&n.name))
    }

    /// Whether every number of an object that leads into code leads to an instruction, and
    /// every second one does: numbers of a program are often as small as RVAs.
    fn all_lead_to_instructions(&mut self, (from, to): (Rva, Rva), form: NumberForm) -> bool {
        let first = from.0.next_multiple_of(4);
        let (mut places, mut others) = (0_u32, 0_u32);
        for at in (first..to.0.saturating_sub(3)).step_by(4) {
            let word = self.program.image.slice(Rva(at), 4).unwrap_or(&[0; 4]);
            let number = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            let leads_to = counted_from(from, form, Rva(at)).target(Rva(at), number);
            match self.program.place(leads_to) {
                _ if number == 0 => {}
                Place::Function(f, offset) if self.begins(f, offset) => places += 1,
                Place::Function(..) => return false,
                _ => others += 1,
            }
        }
        places >= others
    }

    fn begins(&mut self, f: FunctionIndex, offset: u32) -> bool {
        let starts = self.starts.entry(f);
        let starts = starts.or_insert_with(|| self.program.instruction_starts(f));
        starts.binary_search(&offset).is_ok()
    }
}

/// The same form for a number at another place of the table that begins at `start`.
fn counted_from(start: Rva, form: NumberForm, at: Rva) -> NumberForm {
    match form {
        NumberForm::Table(_) => NumberForm::Table(at.0.wrapping_sub(start.0)),
        other => other,
    }
}
