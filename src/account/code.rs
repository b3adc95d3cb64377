//! Code: functions that stay must have the same bytes outside of their fields, and between
//! functions there is nothing but padding.

use std::collections::{HashMap, HashSet};

use super::roles::{Apart, Role, Roles};
use super::{Class, Map, Rest};
use crate::addr::Rva;
use crate::diff::Comparer;
use crate::function::{FunctionIndex, Program, length_without_padding};
use crate::image::SectionKind;

/// Accounts for the code of both images.
pub fn account(comparer: &Comparer<'_>, roles: &Roles, maps: &mut (Map, Map), rest: &mut Rest) {
    let (old, new) = (comparer.old, comparer.new);
    for (o, n, apart) in &roles.pairs {
        let (f, g) = (old.function(*o), new.function(*n));
        let class = match first_difference(old, new, (*o, *n)) {
            Ok(_) | Err(_) if *apart == Apart::Version => Class::LeftOut,
            Ok(class) => class,
            Err(_) if *apart == Apart::Lines => Class::Moved,
            Err(at) => {
                let detail = format!(
                    "the code of {} differs at +{at:#x}, and it is not in the patch",
                    f.display_name()
                );
                let places = (f.rva.checked_add(at), g.rva.checked_add(at));
                rest.nothing(places.0, places.1, detail);
                Class::Unexplained
            }
        };
        maps.0.paint(f.rva, f.size, class);
        maps.1.paint(g.rva, g.size, class);
    }
    for (program, roles, map) in [
        (old, &roles.old, &mut maps.0),
        (new, &roles.new, &mut maps.1),
    ] {
        let reached = reached(program, roles);
        let mut parents = None;
        for (index, f) in program.functions.iter().enumerate() {
            let nameless = f.names.is_empty() && !program.is_part(FunctionIndex(index as u32));
            match roles[index] {
                // Without a name, it is whatever lies between functions.
                Role::Single if nameless && !reached.contains(&f.rva) => {}
                Role::InPatch => map.paint(f.rva, f.size, Class::InPatch),
                Role::Single => map.paint(f.rva, f.size, Class::Reported),
                Role::Unknown if program.is_funclet(FunctionIndex(index as u32)) => {
                    let parents = parents.get_or_insert_with(|| left(program, roles));
                    if is_left_of_changed(&f.display_name(), parents) {
                        map.paint(f.rva, f.size, Class::Reported);
                    }
                }
                Role::Unknown | Role::Unchanged => {}
            }
        }
    }
    for [(a, len), (b, new_len)] in &roles.texts {
        maps.0.paint(*a, *len, Class::LeftOut);
        maps.1.paint(*b, *new_len, Class::LeftOut);
    }
    without_pair(comparer, roles, maps);
    leftover(old, &mut maps.0, "old", rest);
    leftover(new, &mut maps.1, "new", rest);
}

/// The functions of each name, and whether none of them stays.
fn left(program: &Program<'_>, roles: &[Role]) -> HashMap<String, bool> {
    let mut left = HashMap::new();
    for (function, role) in program.functions.iter().zip(roles) {
        let leaves = matches!(role, Role::InPatch | Role::Single);
        let all = left.entry(function.display_name()).or_insert(true);
        *all &= leaves;
    }
    left
}

/// Whether a funclet to which nothing leads is one of a function that does not stay: Microsoft's
/// compiler keeps those whose work the handler data names directly.
fn is_left_of_changed(name: &str, left: &HashMap<String, bool>) -> bool {
    parent_of_funclet(name).is_some_and(|parent| left.get(parent) == Some(&true))
}

/// The parent's name in that of a funclet, as `` `parent'::`1'::dtor$2 ``.
fn parent_of_funclet(name: &str) -> Option<&str> {
    let (scope, _) = name.rsplit_once("::")?;
    let (parent, _) = scope.rsplit_once("::`")?;
    parent.strip_prefix('`')?.strip_suffix('\'')
}

/// Where functions of the patch, or of one build only, lead to.
fn reached(program: &Program<'_>, roles: &[Role]) -> HashSet<Rva> {
    let leads = |role: Role| matches!(role, Role::InPatch | Role::Single);
    let code = program.code.iter().zip(roles);
    let code = code.filter(|(_, role)| leads(**role));
    code.flat_map(|(c, _)| c.references.iter().map(|r| r.target))
        .collect()
}

/// Whether two functions are the same outside of their fields, and whether in these as well;
/// else the first byte that is not.
fn first_difference(
    old: &Program<'_>,
    new: &Program<'_>,
    (o, n): (FunctionIndex, FunctionIndex),
) -> Result<Class, u32> {
    let (a, b) = (old.bytes_of(o), new.bytes_of(n));
    if a.len() != b.len() {
        return Err(a.len().min(b.len()) as u32);
    }
    if a == b {
        return Ok(Class::Shared);
    }
    let references = (&old.code_of(o).references, &new.code_of(n).references);
    // RVAs beside a register, which the comparison takes for what they lead to.
    let numbers = (&old.code_of(o).numbers, &new.code_of(n).numbers);
    let number_at = |at: u32| {
        let mut both = numbers.0.iter().filter(|(field, _)| {
            let same = |list: &[(u32, Rva)]| list.iter().any(|(f, _)| f == field);
            (*field..*field + 4).contains(&at) && same(numbers.1)
        });
        both.next().map(|(field, _)| field + 4)
    };
    let mut fields = references.0.iter().zip(references.1).peekable();
    let mut at = 0;
    while at < a.len() {
        let same = a[at..].iter().zip(&b[at..]).take_while(|(x, y)| x == y);
        at += same.count();
        if at == a.len() {
            break;
        }
        while let Some((r, _)) = fields.peek()
            && r.at + r.kind.width() <= at as u32
        {
            fields.next();
        }
        match fields.peek() {
            Some((r, s)) if r.at <= at as u32 && (r.at, r.kind) == (s.at, s.kind) => {
                at = (r.at + r.kind.width()) as usize;
            }
            _ => match number_at(at as u32) {
                Some(end) => at = end as usize,
                None => return Err(at as u32),
            },
        }
    }
    Ok(Class::Moved)
}

/// Code that has no counterpart of its own, as it has no name, or no function is known to lead
/// to it: it is explained by any of the other build that is the same.
fn without_pair(comparer: &Comparer<'_>, roles: &Roles, maps: &mut (Map, Map)) {
    let open = |program: &Program<'_>, roles: &[Role]| -> Vec<FunctionIndex> {
        let unknown = |f: &FunctionIndex| roles[f.0 as usize] == Role::Unknown;
        program.function_indices().filter(unknown).collect()
    };
    let mut by_size: HashMap<u32, Vec<FunctionIndex>> = HashMap::new();
    for f in open(comparer.old, &roles.old) {
        let size = comparer.old.function(f).size;
        by_size.entry(size).or_default().push(f);
    }
    for g in open(comparer.new, &roles.new) {
        let place = comparer.new.function(g);
        for f in by_size.get(&place.size).into_iter().flatten() {
            let same_name = comparer.old.function(*f).display_name() == place.display_name()
                || place.names.is_empty();
            if same_name && comparer.difference(*f, g).is_none() {
                maps.0
                    .paint(comparer.old.function(*f).rva, place.size, Class::Moved);
                maps.1.paint(place.rva, place.size, Class::Moved);
            }
        }
    }
}

/// What no function holds.
fn leftover(program: &Program<'_>, map: &mut Map, which: &str, rest: &mut Rest) {
    for (rva, size) in map.open() {
        let section = program.image.section_at(rva);
        if section.is_none_or(|s| s.kind() != SectionKind::Code) {
            continue;
        }
        let bytes = program.image.slice(rva, size as usize).unwrap_or(&[]);
        let covered = program.function_at(rva);
        if covered.is_none() && length_without_padding(bytes) == 0 {
            map.paint(rva, size, Class::Padding);
            continue;
        }
        let around = super::verdicts::around(program, rva);
        let detail = format!(
            "{size} bytes of code at {rva} of the {which} build, {around}, belong to no function \
             that was compared"
        );
        let places = match which {
            "old" => (Some(rva), None),
            _ => (None::<Rva>, Some(rva)),
        };
        rest.nothing(places.0, places.1, detail);
        map.paint(rva, size, Class::Unexplained);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn funclets_are_named_after_their_parents() {
        for (name, parent) in [
            (
                "`std::ctype<char>::_Getcat'::`1'::dtor$2",
                Some("std::ctype<char>::_Getcat"),
            ),
            (
                "`run<`go'::`2'::<lambda_1> >'::`1'::catch$1",
                Some("run<`go'::`2'::<lambda_1> >"),
            ),
            ("dtor$2", None),
            ("net::dtor$2", None),
        ] {
            assert_eq!(parent_of_funclet(name), parent, "{name}");
        }
    }
}
