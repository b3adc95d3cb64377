//! Unwind information of functions that stay: header and codes, byte for byte. What follows
//! them holds places, and was compared item by item.

use super::Rest;
use super::roles::Roles;
use crate::function::{FunctionIndex, Program};
use crate::image::RuntimeFunction;

/// Compares the unwind information of every pair that is called unchanged.
pub fn account(old: &Program<'_>, new: &Program<'_>, roles: &Roles, rest: &mut Rest) {
    for (o, n, _) in &roles.pairs {
        let (a, b) = (entries(old, *o), entries(new, *n));
        let same = a.len() == b.len() && a.iter().zip(b).all(|(e, f)| raw(old, e) == raw(new, f));
        if !same {
            let detail = format!(
                "the unwind information of {} differs, and it is not in the patch",
                old.function(*o).display_name()
            );
            let info = |list: &[RuntimeFunction]| list.first().map(|e| e.info);
            rest.nothing(info(a), info(b), detail);
        }
    }
}

/// The entries of the function table that begin in a function.
fn entries<'p>(program: &Program<'p>, function: FunctionIndex) -> &'p [RuntimeFunction] {
    let f = program.function(function);
    let table = &program.image.runtime_functions;
    let from = table.partition_point(|e| e.begin < f.rva);
    let to = table.partition_point(|e| e.begin < f.end());
    &table[from..to.max(from)]
}

/// Header and codes, without the slot that makes their number even: it means nothing, and
/// assemblers leave it out where nothing follows.
fn raw<'p>(program: &Program<'p>, entry: &RuntimeFunction) -> Option<&'p [u8]> {
    let rest = program.image.rest_of_section(entry.info)?;
    let count = usize::from(*rest.get(2)?);
    rest.get(..4 + count * 2)
}
