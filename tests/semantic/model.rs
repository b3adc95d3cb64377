//! "Old state, new code", as a program for this machine: each function in both versions
//! behind a switch, each variable once.
//!
//! * A function is `f__0` (old), `f__1` (new) and `f`, which asks the switch.
//! * A constant that changed, or leads to one that did, is there twice.
//! * A variable is the old one, with the value that it has.
//! * A block's static variable becomes a variable of the file that both versions share.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::render::{HEADER, Unit, prototype, replace_statics, signature};
use crate::spec::{Edit, Part, Side, Spec};
use crate::template::{Item, Kind};

/// Whether the model can say what a part does after a patch.
pub fn knows(spec: &Spec, part: &Part) -> bool {
    let texts = |side| all_texts(spec, part, side);
    let items = part.instance.items.iter();
    part.instance.modelled
        && items
            .zip(texts(Side::Old).iter().zip(texts(Side::New)))
            .all(|(item, (old, new))| match item.kind {
                Kind::Type | Kind::Raw => *old == new,
                _ => true,
            })
}

/// The files of the model.
pub fn units(spec: &Spec) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for part in &spec.parts {
        for number in 0..=part.instance.files.len() {
            let path = match number {
                0 if part.unit % 2 == 1 => format!("{}.cpp", part.prefix),
                0 => format!("{}.c", part.prefix),
                own => part.instance.files[own - 1].path.clone(),
            };
            let text = match (part.instance.modelled, number) {
                (true, _) => file(spec, part, number),
                // This machine's compiler may not even know what it uses.
                (false, 0) => format!("EXPORT int {}_run(int) {{ return 0; }}\n", part.prefix),
                (false, _) => continue,
            };
            units.push(Unit {
                path,
                text: format!("{HEADER}{text}"),
                debug: false,
            });
        }
    }
    units
}

fn all_texts(spec: &Spec, part: &Part, side: Side) -> Vec<String> {
    let chosen = spec.chosen(part, side);
    let items = part.instance.items.iter();
    let text = |item: &Item| item.text(|label| chosen.get(label).copied().unwrap_or(0));
    items.map(|item| text(item).trim().to_owned()).collect()
}

/// An item in both versions; either may be empty.
struct Both<'i> {
    item: &'i Item,
    old: String,
    new: String,
}

impl Both<'_> {
    /// The text of whichever there is, the old one first.
    fn any(&self) -> &str {
        if self.old.is_empty() {
            &self.new
        } else {
            &self.old
        }
    }
}

fn file(spec: &Spec, part: &Part, number: usize) -> String {
    let is_known = knows(spec, part);
    let old = match is_known {
        true => all_texts(spec, part, Side::Old),
        false => all_texts(spec, part, Side::New),
    };
    let new = all_texts(spec, part, Side::New);
    let items = part.instance.items.iter().zip(old.into_iter().zip(new));
    let all: Vec<Both<'_>> = items
        .map(|(item, (old, new))| Both { item, old, new })
        .filter(|b| !b.any().is_empty())
        .collect();
    let twice = doubled(&all);
    let here = |kind| {
        all.iter()
            .filter(move |b| b.item.file == number && b.item.kind == kind)
    };
    let mut out = String::new();
    for both in here(Kind::Type) {
        declarations(both, &twice, &mut out);
    }
    for both in here(Kind::Function) {
        out.extend(prototype(both.any()).map(|p| format!("{p};\n")));
    }
    for both in all.iter().filter(|b| b.item.file == number) {
        match both.item.kind {
            Kind::Type => {}
            Kind::Raw => out.push_str(both.any()),
            Kind::Var => out.push_str(&suffixed(both.any(), &twice, "__0")),
            Kind::Const => constant(both, &twice, &mut out),
            Kind::Function => function(both, &twice, &mut out),
        }
        out.push('\n');
    }
    out
}

/// Types; and what other files have, in two versions where the constants are there in two.
fn declarations(both: &Both<'_>, twice: &BTreeSet<String>, out: &mut String) {
    let is_twice = both.new.starts_with("extern") && words(&both.new).any(|w| twice.contains(w));
    let suffixes = if is_twice { &["__0", "__1"][..] } else { &[""] };
    for suffix in suffixes {
        let _ = writeln!(out, "{}", suffixed(&both.new, twice, suffix));
    }
}

fn constant(both: &Both<'_>, twice: &BTreeSet<String>, out: &mut String) {
    if !declared(both.any()).is_some_and(|n| twice.contains(n)) {
        out.push_str(both.any());
        return;
    }
    for (text, suffix) in [(&both.old, "__0"), (&both.new, "__1")] {
        let _ = writeln!(out, "{}", suffixed(text, twice, suffix));
    }
}

/// Names of the constants that are there in two versions: those that changed, and those
/// that lead to them.
fn doubled(all: &[Both<'_>]) -> BTreeSet<String> {
    let constants: Vec<&Both<'_>> = all.iter().filter(|b| b.item.kind == Kind::Const).collect();
    let name = |b: &Both<'_>| declared(b.any()).map(str::to_owned);
    let changed = constants.iter().filter(|b| b.old != b.new);
    let mut twice: BTreeSet<String> = changed.filter_map(|b| name(b)).collect();
    loop {
        let leads = |b: &&&Both<'_>| words(b.any()).any(|w| twice.contains(w));
        let found: Vec<String> = constants
            .iter()
            .filter(leads)
            .filter_map(|b| name(b))
            .collect();
        let before = twice.len();
        twice.extend(found);
        if twice.len() == before {
            return twice;
        }
    }
}

/// The name that a declaration of data gives: the last one before a bound or a value.
fn declared(text: &str) -> Option<&str> {
    let end = text.find(['[', '=', ';']).unwrap_or(text.len());
    words(&text[..end]).last()
}

/// The identifiers of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|w| w.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// The text with a suffix at some identifiers.
fn suffixed(text: &str, names: &BTreeSet<String>, suffix: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        out.push_str(&rest[..start]);
        let end = rest[start..]
            .find(|c| !is_word(c))
            .map_or(rest.len(), |n| start + n);
        let word = &rest[start..end];
        out.push_str(word);
        if names.contains(word) {
            out.push_str(suffix);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

fn function(both: &Both<'_>, twice: &BTreeSet<String>, out: &mut String) {
    let versions = [(&both.old, "__0"), (&both.new, "__1")];
    let mut known = BTreeSet::new();
    for (text, _) in versions {
        shared_statics(text, twice, &mut known, out);
    }
    let own = name_of(signature(both.any()));
    for (text, suffix) in versions {
        if text.is_empty() {
            continue;
        }
        let (head, body) = text.split_once('\n').unwrap_or((text, ""));
        let head = head.replacen(&format!("{own}("), &format!("{own}{suffix}("), 1);
        let head = head.replacen("EXPORT ", "static ", 1);
        let mut macros = BTreeSet::new();
        let body = replace_statics(body, |key, declaration| {
            let name = declared(declaration).unwrap_or_default();
            macros.insert(name.to_owned());
            let shared = shared_name(key, declaration);
            format!("__typeof__({shared}) *const {name}__p = &{shared};")
        });
        for name in &macros {
            let _ = writeln!(out, "#define {name} (*{name}__p)");
        }
        let _ = writeln!(out, "{head}\n{}", suffixed(&body, twice, suffix));
        for name in &macros {
            let _ = writeln!(out, "#undef {name}");
        }
    }
    dispatcher(both, own, out);
}

/// A function that asks the switch which version to call.
fn dispatcher(both: &Both<'_>, own: &str, out: &mut String) {
    let head = signature(both.any());
    let list = head.rsplit_once(&format!("{own}(")).map_or("", |h| h.1);
    // What follows may say what the function throws.
    let list = list.split_once(')').map_or(list, |l| l.0);
    let arguments: Vec<&str> = list.split(',').filter_map(|p| declared(p)).collect();
    let arguments = match arguments[..] {
        ["void"] => String::new(),
        _ => arguments.join(", "),
    };
    let (old, new) = match (both.old.is_empty(), both.new.is_empty()) {
        (true, _) => ("__1", "__1"),
        (_, true) => ("__0", "__0"),
        _ => ("__0", "__1"),
    };
    let short = own.rsplit("::").next().unwrap_or(own);
    let _ = writeln!(
        out,
        "{head}\n{{ if (version) return {short}{new}({arguments}); return {short}{old}({arguments}); }}"
    );
}

/// The name in a signature, with its class.
fn name_of(signature: &str) -> &str {
    let list = match signature.rsplit_once(")") {
        Some((before, _)) => before,
        None => signature,
    };
    // The parameters have no parentheses of their own.
    let before = list.rsplit_once('(').map_or(list, |l| l.0);
    let start = before
        .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':')
        .map_or(0, |n| n + 1);
    &before[start..]
}

fn shared_statics(
    text: &str,
    twice: &BTreeSet<String>,
    known: &mut BTreeSet<String>,
    out: &mut String,
) {
    replace_statics(text, |key, declaration| {
        let shared = shared_name(key, declaration);
        if known.insert(shared.clone()) {
            let name = declared(declaration).unwrap_or_default();
            let line = declaration.replacen(&format!("?{name}"), &shared, 1);
            let _ = writeln!(out, "{};", suffixed(&line, twice, "__0"));
        }
        String::new()
    });
}

fn shared_name(key: &str, declaration: &str) -> String {
    format!("{key}__{}", declared(declaration).unwrap_or_default())
}

/// Whether the model has anything to say about these edits at all.
pub fn is_worthwhile(spec: &Spec) -> bool {
    let edited = spec.edits.iter().filter_map(Edit::part);
    let known = |prefix: &str| {
        let part = spec.parts.iter().find(|p| p.prefix == prefix);
        part.is_some_and(|p| knows(spec, p))
    };
    edited.into_iter().any(known) || spec.is_movement()
}
