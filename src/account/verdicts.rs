//! What becomes of data that both builds have, where its bytes differ.

use std::collections::HashSet;

use super::Rest;
use super::links::{Link, Links};
use super::map::{Class, Map};
use super::reach::Reach;
use crate::addr::Rva;
use crate::diff::{Comparer, DataChangeKind, Diff, place_text};
use crate::function::{DataIndex, FunctionIndex, Place, Program};

/// What explains a difference.
pub struct Known<'k> {
    /// The difference that is reported.
    pub diff: &'k Diff,
    /// What is the same object in both builds.
    pub links: &'k Links<'k>,
    /// What the functions of the patch reach.
    pub patch: &'k Reach,
    /// A finding says that tables of initialisers differ.
    pub startup: bool,
    /// A finding says that thread-local storage differs.
    pub thread_locals: bool,
    /// A finding says that writable data without a symbol differs.
    pub unnamed: bool,
}

/// What is known of bytes beside what refers to them.
#[derive(Clone, Copy)]
struct Explained {
    /// A pointer that is judged for itself leads there.
    held: bool,
    /// They belong to a text of a function that is left out.
    left_out: bool,
}

/// Functions that are named in a finding, at most.
const SHOWN: usize = 3;

/// Gives every linked byte its class.
pub fn judge(comparer: &Comparer<'_>, known: &Known<'_>, maps: &mut (Map, Map), rest: &mut Rest) {
    let reported: HashSet<DataIndex> = known
        .diff
        .data
        .changed
        .iter()
        .filter(|c| c.kind != DataChangeKind::Constant)
        .map(|c| c.old)
        .collect();
    let held: HashSet<u32> = known.links.pointers.iter().map(|(to, _, _)| *to).collect();
    for (index, link) in known.links.list.iter().enumerate() {
        if link.differs.is_empty() {
            same(comparer, link, maps);
            continue;
        }
        let is_held = held.contains(&(index as u32));
        if !is_held && link.datum.is_none() && is_for_another(comparer, link) {
            continue;
        }
        let mut at = 0;
        for (from, len) in sorted(&link.differs) {
            paint(link, at, from.saturating_sub(at), Class::Moved, maps);
            at = at.max(from + len);
            let is_out = |i| maps.0.at(Rva(link.old.0 + i)) == Some(Class::LeftOut);
            let explained = Explained {
                held: is_held,
                left_out: (from..from + len).all(is_out),
            };
            let verdict = of_range(comparer, known, &reported, link, (from, len), explained);
            let class = match verdict {
                Ok(class) => class,
                Err((subject, detail)) => {
                    let places = (Rva(link.old.0 + from), Rva(link.new.0 + from));
                    rest.user(places.0, places.1, subject, detail);
                    Class::Unexplained
                }
            };
            paint(link, from, len, class, maps);
            // The object may have grown or shrunk.
            if link.datum.is_none() && comparer.old.place(link.old) == Place::Constant {
                let whole = (
                    comparer.old.anonymous_extent(link.old),
                    comparer.new.anonymous_extent(link.new),
                );
                let rest = |all: u32| all.saturating_sub(link.len);
                maps.0
                    .paint(Rva(link.old.0 + link.len), rest(whole.0), class);
                maps.1
                    .paint(Rva(link.new.0 + link.len), rest(whole.1), class);
            }
        }
        paint(link, at, link.len.saturating_sub(at), Class::Moved, maps);
    }
}

/// Whether the operand that made a link means something else than what is there: the
/// comparison finds that different as well, and has taken the operand for another address, as
/// the end of an array. What lies there is not known from it.
fn is_for_another(comparer: &Comparer<'_>, link: &Link) -> bool {
    let same = |len| comparer.same_place(link.old, link.new, len);
    link.user.is_some() && !same(None) && !same(Some(link.len))
}

fn sorted(list: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut list = list.to_vec();
    list.sort_unstable();
    list
}

fn paint(link: &Link, at: u32, len: u32, class: Class, maps: &mut (Map, Map)) {
    maps.0.paint(Rva(link.old.0 + at), len, class);
    maps.1.paint(Rva(link.new.0 + at), len, class);
}

fn same(comparer: &Comparer<'_>, link: &Link, maps: &mut (Map, Map)) {
    let bytes = |program: &Program<'_>, rva: Rva| {
        let rest = program.image.rest_of_section(rva).unwrap_or(&[]);
        rest.get(..link.len as usize).map(<[u8]>::to_vec)
    };
    let equal = bytes(comparer.old, link.old) == bytes(comparer.new, link.new);
    let class = if equal { Class::Shared } else { Class::Moved };
    paint(link, 0, link.len, class, maps);
}

/// What explains that bytes of a link differ; else the subject and the words of a finding.
fn of_range(
    comparer: &Comparer<'_>,
    known: &Known<'_>,
    reported: &HashSet<DataIndex>,
    link: &Link,
    (from, len): (u32, u32),
    explained: Explained,
) -> Result<Class, (Option<String>, String)> {
    let old = comparer.old;
    let place = Rva(link.old.0 + from);
    let subject = link
        .datum
        .map(|(d, _)| old.datum(d).display_name().to_owned());
    if link.datum.is_some_and(|(d, _)| reported.contains(&d)) {
        return Ok(Class::Reported);
    }
    let places = (place, Rva(link.new.0 + from));
    if is_path_hash(old, places.0, len) && is_path_hash(comparer.new, places.1, len) {
        return Ok(Class::Metadata);
    }
    let in_template = |rva: Rva| {
        let tls = old.image.tls.as_ref();
        tls.is_some_and(|t| rva >= t.template && rva.0 - t.template.0 < t.template_size)
    };
    if known.thread_locals && in_template(place) {
        return Ok(Class::Reported);
    }
    if known.startup && is_startup(old, place) {
        return Ok(Class::Reported);
    }
    if let Some(user) = link.user.filter(|_| !is_for_another(comparer, link)) {
        let detail = format!(
            "its bytes at {place} and {} differ, and {}, which stays, refers to it",
            Rva(link.new.0 + from),
            old.function(user).display_name()
        );
        return Err((subject, detail));
    }
    if old.is_writable(place) {
        if known.unnamed && link.datum.is_none() {
            return Ok(Class::Reported);
        }
        let detail = format!(
            "the initial value at {place}, {}, differs from that at {}, and no other finding says so",
            around(old, place),
            Rva(link.new.0 + from)
        );
        return Err((subject, detail));
    }
    if explained.left_out {
        return Ok(Class::LeftOut);
    }
    if (from..from + len).all(|i| known.patch.has_old(Rva(link.old.0 + i))) {
        return Ok(Class::InPatch);
    }
    // Whoever holds the pointer is judged for it.
    if explained.held {
        return Ok(Class::InPatch);
    }
    let Some((d, _)) = link.datum else {
        let detail = format!(
            "the constant at {place}, {}, differs from that at {}, and no function of the patch is seen to use it",
            around(old, place),
            Rva(link.new.0 + from)
        );
        return Err((None, detail));
    };
    let item = old.datum(d);
    let scalar = item.type_size.is_some_and(|size| size <= 8)
        && !item.type_name.as_deref().unwrap_or("[").contains('[');
    let users = possible_users(comparer, known, link, scalar);
    if users.is_empty() {
        return Ok(Class::Reported);
    }
    let names: Vec<String> = users
        .iter()
        .take(SHOWN)
        .map(|f| old.function(*f).display_name())
        .collect();
    let more = match users.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let detail = format!(
        "its value at {place} differs from that at {}, no function is seen to use it, and {}{more} \
         may do so and stay",
        Rva(link.new.0 + from),
        names.join(", ")
    );
    Err((subject, detail))
}

/// How far from a constant an address may be from which code gets to it.
const MAX_BIAS: u32 = 1 << 14;

/// Functions that stay and may refer to a constant by another address, or by a number.
///
/// Whoever counts from an address does so in both builds: the address has moved as far as the
/// constant has. Whoever has the RVA as a number has the same number in both builds.
fn possible_users(
    comparer: &Comparer<'_>,
    known: &Known<'_>,
    link: &Link,
    scalar: bool,
) -> Vec<FunctionIndex> {
    let old = comparer.old;
    let mut found: Vec<FunctionIndex> = Vec::new();
    if link.old == link.new {
        let stays = |f: &FunctionIndex| {
            let code = old.code_of(*f);
            code.uncertain.is_some() || code.takes_image_base
        };
        found.extend(old.function_indices().filter(stays));
    }
    if !scalar {
        let moved = i64::from(link.new.0) - i64::from(link.old.0);
        let near = |rva: Rva| {
            rva.0.saturating_add(MAX_BIAS) >= link.old.0
                && rva.0 <= link.old.0.saturating_add(link.len).saturating_add(MAX_BIAS)
        };
        let operands = known
            .links
            .operands
            .iter()
            .filter(|o| near(o.old) && i64::from(o.new.0) - i64::from(o.old.0) == moved);
        found.extend(operands.map(|o| o.user));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether a place is in a table of initialisers.
pub fn is_startup(program: &Program<'_>, rva: Rva) -> bool {
    const GROUPS: [&str; 5] = [".CRT$X", ".ctors", ".dtors", ".init_array", ".fini_array"];
    let mut groups = program.symbols.groups.iter();
    let in_group = groups.any(|g| {
        GROUPS.iter().any(|p| g.name.starts_with(p)) && rva >= g.rva && rva.0 - g.rva.0 < g.size
    });
    const LISTS: [&str; 8] = [
        "__CTOR_LIST__",
        "__DTOR_LIST__",
        "__xc_",
        "__xi_",
        "__xp_",
        "__xt_",
        "__xl_",
        "__dyn_tls",
    ];
    let name = program
        .data
        .partition_point(|d| d.rva <= rva)
        .checked_sub(1);
    let name = name.map_or("", |i| program.data[i].display_name());
    in_group || LISTS.iter().any(|l| name.starts_with(l))
}

/// Whether bytes are part of the digits by which Microsoft's ABI tells the unnamed namespace
/// of one file from others (`?A0x1234abcd`), in the name of a type, or follow them there. They
/// are a hash of the file's path, and so another one in another folder, of one to eight
/// digits: what follows is moved by that, and the zeros behind the name with it. Whether the
/// names are the same is compared apart.
pub fn is_path_hash(program: &Program<'_>, rva: Rva, len: u32) -> bool {
    const START: &[u8] = b".?A";
    const MARK: &[u8] = b"?A0x";
    /// Longer names have a hash of their own in their middle.
    const LONGEST: u32 = 4096;
    let Some(section) = program.image.section_at(rva) else {
        return false;
    };
    let from = rva.0.saturating_sub(LONGEST).max(section.rva.0);
    let Some(before) = program.image.slice(Rva(from), (rva.0 - from) as usize) else {
        return false;
    };
    let text = before.rsplit(|b| *b == 0).next().unwrap_or_default();
    let begins = text.windows(START.len()).position(|w| w == START);
    let marked = begins.is_some_and(|at| text[at..].windows(MARK.len()).any(|w| w == MARK));
    let inside = program.image.slice(rva, len as usize);
    let is_text_and_zeros = |bytes: &[u8]| {
        let text = bytes.iter().take_while(|b| **b != 0).count();
        bytes[text..].iter().all(|b| *b == 0)
    };
    marked && inside.is_some_and(is_text_and_zeros)
}

/// What lies around a place, in words.
pub fn around(program: &Program<'_>, rva: Rva) -> String {
    let object = program.symbols.contribution_at(rva).and_then(|c| {
        let module = program.symbols.modules.get(c.module.0 as usize)?;
        Some(module.object_name())
    });
    let before = program
        .data
        .partition_point(|d| d.rva <= rva)
        .checked_sub(1);
    let before = before.map(|i| &program.data[i]).filter(|d| {
        program.symbols.contribution_at(d.rva).map(|c| c.rva)
            == program.symbols.contribution_at(rva).map(|c| c.rva)
    });
    let of_code = program
        .functions
        .partition_point(|f| f.rva <= rva)
        .checked_sub(1);
    let is_code = program
        .image
        .section_at(rva)
        .is_some_and(|s| s.kind() == crate::image::SectionKind::Code);
    let section = program
        .image
        .section_at(rva)
        .map_or("", |s| s.name.as_str());
    let behind = match (is_code, of_code, before) {
        (true, Some(f), _) => Some(program.functions[f].display_name()),
        (false, _, Some(d)) => Some(d.display_name().to_owned()),
        _ => None,
    };
    let place = match place_text(program, rva) {
        text if text.starts_with("the string") => format!("{text}, "),
        _ => String::new(),
    };
    match (object, behind) {
        (Some(object), Some(name)) => format!("{place}behind {name} in {section} of {object}"),
        (Some(object), None) => format!("{place}in {section} of {object}"),
        (None, Some(name)) => format!("{place}behind {name} in {section}"),
        (None, None) => format!("{place}in {section}"),
    }
}
