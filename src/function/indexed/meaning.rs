//! What the address of an indexed access means, once it is known what lies where.

use super::interval::Interval;
use super::{Reach, reaches};
use crate::addr::Rva;
use crate::function::{FunctionIndex, Place, Program, Reference, ReferenceKind};

/// Fields, each with a place.
type Fields = Vec<(u32, Rva)>;

/// What an index makes of an address.
enum Meaning {
    /// The object that lies there, as without an index.
    There,
    /// The object that lies here.
    At(Rva),
    /// Anything from here on.
    From(Rva),
}

/// For each function the places that its indexed accesses mean: offset of the field, and the
/// place; and the fields that may reach anything from a place on.
pub fn resolve(program: &Program<'_>, function: FunctionIndex) -> (Fields, Fields) {
    let code = program.code_of(function);
    let (mut meant, mut open, mut there) = (Vec::new(), Vec::new(), Vec::new());
    if !(code.indexes || code.displaces)
        || !code.references.iter().any(|r| is_candidate(program, r))
    {
        return (meant, open);
    }
    let bytes = program.bytes_of(function);
    let end = code.code_size.map_or(bytes.len(), |s| s as usize);
    let rva = program.function(function).rva;
    for reach in reaches(&bytes[..end], rva, &code.references) {
        let Some(reference) = code.references.iter().find(|r| r.at == reach.at) else {
            continue;
        };
        if !is_candidate(program, reference) {
            continue;
        }
        match meaning(program, reference.target, &reach) {
            Meaning::There => there.push(reach.at),
            Meaning::At(place) => meant.push((reach.at, place)),
            Meaning::From(place) => open.push((reach.at, place)),
        }
    }
    // Where accesses disagree about the object, it is all that lies between.
    let (mut single, mut several) = (Vec::new(), Vec::new());
    for (at, place) in meant {
        let others = code.references.iter().find(|r| r.at == at);
        match others.filter(|_| there.contains(&at)) {
            Some(reference) => several.push((at, place.min(reference.target))),
            None => single.push((at, place)),
        }
    }
    open.extend(several);
    (single, open)
}

/// Whether a reference may hold an address that an index is added to. Where the linker says
/// which object is meant, nothing is open.
fn is_candidate(program: &Program<'_>, reference: &Reference) -> bool {
    let kind = matches!(
        reference.kind,
        ReferenceKind::Address | ReferenceKind::ImageRelative
    );
    kind && reference.anchor.is_none()
        && reference.target != Rva(0)
        && !matches!(
            program.place(reference.target),
            Place::Function(_, 0) | Place::SwitchTable(_) | Place::Import(_)
        )
}

fn meaning(program: &Program<'_>, target: Rva, reach: &Reach) -> Meaning {
    let Interval { low, high } = reach.range;
    if reach.fixed {
        return fixed(program, target, reach.range);
    }
    let proven = u32::try_from(low).ok().filter(|l| *l > 0);
    let first = proven.and_then(|low| target.checked_add(low));
    // An index of known bounds that only goes back.
    let back = (low > i64::MIN && high <= 0).then(|| target.checked_offset(low));
    match first.or(back.flatten()) {
        Some(first) => match object(program, first) {
            // Still in the object that lies at the address itself.
            Some((start, end)) if (start..end).contains(&target) => Meaning::There,
            // No index is less: it is the object with the first place that can be reached.
            Some(_) => Meaning::At(first),
            None => Meaning::From(first),
        },
        None => match object(program, target) {
            Some((start, _)) if start == target => Meaning::There,
            Some((_, end)) if low >= 0 && ends_before(target, high, end) => Meaning::There,
            // It only goes back from where nothing begins: the end of what lies before is meant.
            None if high == 0 => Meaning::There,
            _ => Meaning::From(target),
        },
    }
}

/// What an address means to which only displacements are added.
fn fixed(program: &Program<'_>, target: Rva, range: Interval) -> Meaning {
    let Some(first) = target.checked_offset(range.low) else {
        return Meaning::From(target);
    };
    let holds = |(start, end): (Rva, Rva)| start <= first && ends_before(target, range.high, end);
    match (object(program, target), object(program, first)) {
        (Some(there), _) if holds(there) => Meaning::There,
        (_, Some(other)) if holds(other) => Meaning::At(first),
        _ => Meaning::From(first.min(target)),
    }
}

fn ends_before(target: Rva, high: i64, end: Rva) -> bool {
    i64::from(target.0).saturating_add(high) <= i64::from(end.0)
}

/// First byte and end of the object at an address. A member of a structure is an object of
/// its own; data without a symbol begins where it is referred to.
fn object(program: &Program<'_>, rva: Rva) -> Option<(Rva, Rva)> {
    match program.place(rva) {
        Place::Data(d, offset) => {
            let item = program.datum(d);
            let is_array = item.type_name.as_ref().is_none_or(|t| t.ends_with(']'));
            let start = if is_array || offset == 0 {
                item.rva
            } else {
                rva
            };
            Some((start, Rva(item.rva.0.saturating_add(item.content_size()))))
        }
        Place::Constant => {
            program.symbols.contribution_at(rva)?;
            Some((
                rva,
                Rva(rva.0.saturating_add(program.anonymous_extent(rva))),
            ))
        }
        Place::Variable => {
            program.symbols.contribution_at(rva)?;
            Some((rva, Rva(rva.0.saturating_add(program.unnamed_size(rva)))))
        }
        Place::SwitchTable(_) => Some((rva, rva)),
        _ => None,
    }
}
