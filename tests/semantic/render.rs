//! The sources of the two builds.

use std::fmt::Write;

use crate::rng::Rng;
use crate::spec::{Edit, Part, Side, Spec};
use crate::template::{Item, Kind};

/// One file of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Path in the program's folder.
    pub path: String,
    pub text: String,
    pub debug: bool,
}

/// The shared files, in their order.
const SHARED: [&str; 4] = ["u0.c", "u1.cpp", "u2.c", "u3.cpp"];

/// What every file begins with.
pub const HEADER: &str = "#include \"semantic.h\"\n";

/// The file that calls all parts, with the functions that they have.
pub fn calls(spec: &Spec) -> Unit {
    let mut text = String::from("#include \"start.h\"\n");
    for part in &spec.parts {
        let _ = writeln!(text, "int {}_run(int round);", part.prefix);
    }
    text.push_str("void run_all(int round) {\n");
    for part in &spec.parts {
        let p = &part.prefix;
        let _ = writeln!(text, "    result(\"{p}\", {p}_run(round));");
    }
    text.push_str("}\n");
    Unit {
        path: "start.c".into(),
        text,
        debug: true,
    }
}

/// All files of one build but the one that calls them, in link order.
pub fn units(spec: &Spec, side: Side) -> Vec<Unit> {
    let mut units = Vec::new();
    for (number, path) in SHARED.iter().enumerate() {
        let mut parts: Vec<&Part> = spec.parts.iter().filter(|p| p.unit == number).collect();
        if parts.is_empty() {
            continue;
        }
        let reversed = |e: &Edit| *e == Edit::PartOrder { unit: number };
        if side == Side::New && spec.edits.iter().any(reversed) {
            parts.reverse();
        }
        let bodies = parts.iter().map(|part| file(spec, part, 0, side));
        units.push(Unit {
            path: (*path).into(),
            text: format!("{HEADER}{}", bodies.collect::<String>()),
            debug: true,
        });
    }
    for part in &spec.parts {
        for (number, own) in part.instance.files.iter().enumerate() {
            units.push(Unit {
                path: own.path.clone(),
                text: format!("{HEADER}{}", file(spec, part, number + 1, side)),
                debug: own.debug,
            });
        }
    }
    for edit in &spec.edits {
        if let (Side::New, Edit::LinkOrder { seed }) = (side, edit) {
            let order = Rng::new(*seed).order(units.len());
            units = order.iter().map(|i| units[*i].clone()).collect();
        }
    }
    units
}

/// The linker's options of one build.
pub fn link(spec: &Spec, side: Side) -> Vec<String> {
    let mut link = spec.config.link.clone();
    for edit in &spec.edits {
        if let (Side::New, Edit::Base { number }) = (side, edit) {
            link.push(format!("base:{:#x}", 0x1_4000_0000 + number * 0x10_0000));
        }
    }
    link
}

/// What a part has in one of its files: types, prototypes, then the rest in its order.
fn file(spec: &Spec, part: &Part, number: usize, side: Side) -> String {
    let chosen = spec.chosen(part, side);
    let items = ordered(spec, part, side);
    let here = items.iter().filter(|(_, item)| item.file == number);
    let texts: Vec<(usize, &Item, String)> = here
        .map(|(index, item)| {
            let text = item.text(|label| chosen.get(label).copied().unwrap_or(0));
            (*index, *item, text)
        })
        .filter(|(_, _, text)| !text.trim().is_empty())
        .collect();
    let mut out = format!("\n/* {} */\n", part.prefix);
    for (_, _, text) in texts.iter().filter(|t| t.1.kind == Kind::Type) {
        let _ = writeln!(out, "{text}");
    }
    for (_, _, text) in texts.iter().filter(|t| t.1.kind == Kind::Function) {
        out.extend(prototype(text).map(|p| format!("{p};\n")));
    }
    for (index, item, text) in texts.iter().filter(|t| t.1.kind != Kind::Type) {
        for edit in &spec.edits {
            if let Edit::Shift {
                part: p,
                item,
                lines,
            } = edit
                && side == Side::New
                && (p, item) == (&part.prefix, index)
            {
                let _ = writeln!(out, "/* moved */{}", "\n".repeat(*lines));
            }
        }
        match item.kind {
            Kind::Function => out.push_str(&plain_statics(text)),
            _ => out.push_str(text),
        }
        out.push('\n');
    }
    out
}

/// The items with their numbers, in the order of one build.
fn ordered<'p>(spec: &Spec, part: &'p Part, side: Side) -> Vec<(usize, &'p Item)> {
    let mut items: Vec<(usize, &Item)> = part.instance.items.iter().enumerate().collect();
    for edit in &spec.edits {
        if let Edit::Swap {
            part: p,
            first,
            second,
        } = edit
            && side == Side::New
            && *p == part.prefix
        {
            items.swap(*first, *second);
        }
    }
    items
}

/// The signature of a function, on its first line.
pub fn signature(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}

/// What declares a function ahead; methods are declared by their class.
pub fn prototype(text: &str) -> Option<&str> {
    let signature = signature(text);
    (!signature.contains("::") && !signature.starts_with("template")).then_some(signature)
}

/// A block's static variables as C has them: `[[key: static int ?n = 3]]`.
fn plain_statics(text: &str) -> String {
    replace_statics(text, |_, declaration| {
        format!("{};", declaration.replacen('?', "", 1))
    })
}

/// Replaces the static variables of blocks: key, and declaration with `?` before the name.
pub fn replace_statics(text: &str, mut by: impl FnMut(&str, &str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[[") {
        let Some((inside, behind)) = after.split_once("]]") else {
            break;
        };
        let Some((key, declaration)) = inside.split_once(": ").filter(|d| d.1.contains('?')) else {
            out.push_str(before);
            out.push_str("[[");
            rest = after;
            continue;
        };
        out.push_str(before);
        out.push_str(&by(key, declaration));
        rest = behind;
    }
    out.push_str(rest);
    out
}
