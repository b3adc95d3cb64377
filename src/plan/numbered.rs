//! Changed constants to which a number in data leads: an RVA, or a distance from where the
//! number is. Whoever goes by it finds the old constant, and no reference says who that is.

use crate::addr::Rva;
use crate::diff::Diff;
use crate::function::{DataIndex, DataItem, Program};

/// Distances from here on, forwards, are hardly counts of something beside the object.
const FAR: u32 = 256;

/// Which number leads to a constant in both builds, in words. Only data are looked at of which
/// no record says what they hold.
pub fn number(
    old: &Program<'_>,
    new: &Program<'_>,
    diff: &Diff,
    (constant, later): (DataIndex, DataIndex),
) -> Option<String> {
    let (from, to) = (old.datum(constant).rva, new.datum(later).rva);
    let tables = new
        .data_indices()
        .filter(|e| *e != later && is_untyped(new.datum(*e)));
    for e in tables {
        let Some(d) = diff.old_datum(e) else { continue };
        let (a, b) = (old.datum(d), new.datum(e));
        let len = a.content_size().min(b.content_size());
        let first = (a.rva.0.wrapping_neg() & 3, b.rva.0.wrapping_neg() & 3);
        if first.0 != first.1 {
            continue;
        }
        for at in (first.0..len.saturating_sub(3)).step_by(4) {
            if leads(old, Rva(a.rva.0 + at), from) && leads(new, Rva(b.rva.0 + at), to) {
                let (name, at) = (a.display_name(), Rva(a.rva.0 + at));
                return Some(format!("the number at {at} in {name} leads to it"));
            }
        }
    }
    None
}

fn is_untyped(item: &DataItem) -> bool {
    const MADE: [&str; 4] = ["_ZT", "??_", ".refptr.", "__imp_"];
    let made = |name: &str| MADE.iter().any(|m| name.starts_with(m));
    item.type_name.is_none() && !item.names.iter().any(|n| made(&n.name))
}

fn leads(program: &Program<'_>, at: Rva, to: Rva) -> bool {
    let Some(word) = program.image.slice(at, 4) else {
        return false;
    };
    let number = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
    Rva(number) == to || number >= FAR && Rva(at.0.wrapping_add(number)) == to
}
