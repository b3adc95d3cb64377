//! Edits of values: numbers, strings, arrays, callees.

use super::edits::{any_function, change_body, change_one};
use super::model::{Program, Stmt};
use super::rng::Rng;

pub fn constant(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| {
        match stmt {
            Stmt::Arith(_, _, value)
            | Stmt::If { value, .. }
            | Stmt::Loop { count: value, .. }
            | Stmt::Call(_, value)
            | Stmt::Template(_, value)
            | Stmt::Lambda(_, value)
            | Stmt::Assert(value) => *value += rng.range(1, 40),
            Stmt::Wide(value) => *value ^= 1 << rng.below(64),
            _ => return false,
        }
        true
    })
}

pub fn operator(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, _| match stmt {
        Stmt::Arith(_, op, _) => {
            *op = if *op == '+' { '-' } else { '+' };
            true
        }
        Stmt::If { test, .. } => {
            *test = if *test == "==" { "!=" } else { "==" };
            true
        }
        _ => false,
    })
}

pub fn float_constant(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, _| match stmt {
        Stmt::Double(value) => {
            *value += 0.25;
            true
        }
        Stmt::Float(value) => {
            *value -= 0.5;
            true
        }
        _ => false,
    })
}

fn edited(text: &mut String, rng: &mut Rng) -> bool {
    if text.is_empty() {
        return false;
    }
    let at = rng.below(text.len());
    let other = if text.as_bytes()[at] == b'Z' {
        "Y"
    } else {
        "Z"
    };
    text.replace_range(at..=at, other);
    true
}

pub fn text_same_length(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Text(text) | Stmt::StaticText(_, text) => edited(text, rng),
        _ => false,
    })
}

pub fn text_other_length(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Text(text) | Stmt::StaticText(_, text) => {
            let length = 1 + rng.below(9);
            text.push_str(&rng.word(length));
            true
        }
        _ => false,
    })
}

pub fn blob_tail(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, _| match stmt {
        Stmt::Blob(bytes) => match bytes.iter().rposition(|b| *b != 0) {
            Some(last) => {
                bytes[last] ^= 1;
                true
            }
            None => false,
        },
        _ => false,
    })
}

pub fn array_element(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Array(values) | Stmt::StaticArray(_, values) => {
            let at = rng.below(values.len());
            values[at] ^= 1 << rng.below(16);
            true
        }
        Stmt::Flexible(_, values) => {
            let at = rng.below(values.len());
            values[at] ^= 1 << rng.below(16);
            true
        }
        Stmt::StaticPointers(_, constants) => {
            let values = &mut constants[0];
            let at = rng.below(values.len());
            values[at] ^= 1 << rng.below(9);
            true
        }
        _ => false,
    })
}

pub fn chars_behind_nul(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Chars(bytes) => {
            let at = 3 + rng.below(bytes.len() - 3);
            bytes[at] ^= 2;
            true
        }
        _ => false,
    })
}

pub fn chosen_name(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Names { names } => {
            let at = rng.below(names.len());
            edited(&mut names[at], rng)
        }
        _ => false,
    })
}

pub fn call_target(program: &mut Program, rng: &mut Rng) -> bool {
    let other = any_function(program, rng);
    change_body(program, rng, |body, _| {
        let found = body.iter_mut().find_map(|stmt| match stmt {
            Stmt::Call(name, _) | Stmt::AddressOf(name) if *name != other => Some(name),
            _ => None,
        });
        found.map(|name| name.clone_from(&other)).is_some()
    })
}
