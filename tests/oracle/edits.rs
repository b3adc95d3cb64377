//! The edits that make a new program of an old one.

use super::edits_program as whole;
use super::generate_stmt::Scope;
use super::model::{Program, Stmt};
use super::rng::Rng;

/// An edit and its name. It gives false where the program has nothing of the kind.
pub type Edit = (&'static str, fn(&mut Program, &mut Rng) -> bool);

/// All edits.
pub const EDITS: &[Edit] = &[
    ("constant", constant),
    ("operator", operator),
    ("float constant", float_constant),
    ("string, same length", text_same_length),
    ("string, other length", text_other_length),
    ("string behind its NUL", blob_tail),
    ("array element", array_element),
    ("array element behind a NUL", chars_behind_nul),
    ("name in a switch of names", chosen_name),
    ("call target", call_target),
    ("branch added", branch_added),
    ("statement removed", statement_removed),
    ("statements swapped", statements_swapped),
    ("unlikely part", unlikely_part),
    ("switch case added", case_added),
    ("switch cases swapped", cases_swapped),
    ("switch label", case_label),
    ("static variable's start", static_start),
    ("handler", handler),
    ("throw or handler added", try_added),
    ("lambda added before others", lambda_added),
    ("text added before all others", whole::text_first),
    ("line added", whole::line_added),
    ("function added", whole::function_added),
    ("function removed", whole::function_removed),
    ("functions reordered", whole::functions_reordered),
    ("data reordered", whole::data_reordered),
    ("local function's body", whole::local_body),
    ("local functions of one name swapped", whole::locals_swapped),
    ("attribute", whole::attribute),
    ("parameter of the tail call", whole::tail_call),
    ("structure members reordered", whole::members_reordered),
    ("structure member added", whole::member_added),
    ("global's start", whole::global_start),
    ("global added before others", whole::global_added),
    ("thread-local variable added", whole::thread_local_added),
    ("table entry", whole::table_entry),
    ("table entries swapped", whole::table_swapped),
    ("table longer", whole::table_longer),
    ("method changed", whole::method_changed),
    ("virtual method added", whole::method_added),
];

/// Tries `change` on the statements in random order until one takes it.
fn change_one(
    program: &mut Program,
    rng: &mut Rng,
    change: fn(&mut Stmt, &mut Rng) -> bool,
) -> bool {
    let mut count = 0;
    program.each_body(&mut |body| count += body.len());
    for wanted in rng.order(count) {
        let (mut at, mut done) = (0, false);
        program.each_body(&mut |body| {
            for stmt in body.iter_mut() {
                if at == wanted {
                    done = change(stmt, rng);
                }
                at += 1;
            }
        });
        if done {
            return true;
        }
    }
    false
}

/// The same for lists of statements.
fn change_body(
    program: &mut Program,
    rng: &mut Rng,
    mut change: impl FnMut(&mut Vec<Stmt>, &mut Rng) -> bool,
) -> bool {
    let mut count = 0;
    program.each_body(&mut |_| count += 1);
    for wanted in rng.order(count) {
        let (mut at, mut done) = (0, false);
        program.each_body(&mut |body| {
            if at == wanted {
                done = change(body, rng);
            }
            at += 1;
        });
        if done {
            return true;
        }
    }
    false
}

fn constant(program: &mut Program, rng: &mut Rng) -> bool {
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

fn operator(program: &mut Program, rng: &mut Rng) -> bool {
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

fn float_constant(program: &mut Program, rng: &mut Rng) -> bool {
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

fn text_same_length(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Text(text) | Stmt::StaticText(_, text) => edited(text, rng),
        _ => false,
    })
}

fn text_other_length(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Text(text) | Stmt::StaticText(_, text) => {
            let length = 1 + rng.below(9);
            text.push_str(&rng.word(length));
            true
        }
        _ => false,
    })
}

fn blob_tail(program: &mut Program, rng: &mut Rng) -> bool {
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

fn array_element(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Array(values) | Stmt::StaticArray(_, values) => {
            let at = rng.below(values.len());
            values[at] ^= 1 << rng.below(16);
            true
        }
        _ => false,
    })
}

fn chars_behind_nul(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Chars(bytes) => {
            let at = 3 + rng.below(bytes.len() - 3);
            bytes[at] ^= 2;
            true
        }
        _ => false,
    })
}

fn chosen_name(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Names { names } => {
            let at = rng.below(names.len());
            edited(&mut names[at], rng)
        }
        _ => false,
    })
}

/// The name of some function that every unit can see.
fn any_function(program: &Program, rng: &mut Rng) -> String {
    let all: Vec<&String> = program
        .functions()
        .filter(|f| !f.file_local)
        .map(|f| &f.name)
        .collect();
    (*rng.pick(&all)).clone()
}

fn call_target(program: &mut Program, rng: &mut Rng) -> bool {
    let other = any_function(program, rng);
    change_body(program, rng, |body, _| {
        let found = body.iter_mut().find_map(|stmt| match stmt {
            Stmt::Call(name, _) | Stmt::AddressOf(name) if *name != other => Some(name),
            _ => None,
        });
        found.map(|name| name.clone_from(&other)).is_some()
    })
}

/// A few statements of the kinds that only need what the header declares.
pub fn new_statements(program: &Program, rng: &mut Rng, count: usize) -> Vec<Stmt> {
    super::generate_stmt::body(rng, &Scope::of_header(program), count)
}

fn branch_added(program: &mut Program, rng: &mut Rng) -> bool {
    let inner = new_statements(program, rng, 1);
    let value = rng.range(0, 99);
    change_body(program, rng, |body, rng| {
        let stmt = Stmt::If {
            test: ">",
            value,
            unlikely: false,
            body: inner.clone(),
        };
        body.insert(rng.below(body.len() + 1), stmt);
        true
    })
}

fn statement_removed(program: &mut Program, rng: &mut Rng) -> bool {
    change_body(program, rng, |body, rng| {
        // A call may be the only one of a local function, which would then go away: that
        // is an edit of its own.
        let at = rng.below(body.len());
        let removable = !matches!(body.get(at), None | Some(Stmt::Call(..)));
        if removable {
            body.remove(at);
        }
        removable
    })
}

fn statements_swapped(program: &mut Program, rng: &mut Rng) -> bool {
    change_body(program, rng, |body, rng| {
        if body.len() < 2 {
            return false;
        }
        let at = rng.below(body.len() - 1);
        body.swap(at, at + 1);
        true
    })
}

fn unlikely_part(program: &mut Program, rng: &mut Rng) -> bool {
    let inner = new_statements(program, rng, 1);
    let mut inner = Some(inner);
    change_body(program, rng, |body, _| {
        body.iter_mut().any(|stmt| match stmt {
            Stmt::If {
                unlikely: true,
                body,
                ..
            } => {
                body.extend(inner.take().unwrap_or_default());
                true
            }
            _ => false,
        })
    })
}

fn case_added(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Switch { cases, .. } => {
            let label = cases.last().map_or(0, |c| c.0) + 1;
            let value = rng.range(1, 99);
            cases.push((
                label,
                vec![Stmt::Arith('x', '+', value), Stmt::Wide(rng.next())],
            ));
            true
        }
        _ => false,
    })
}

fn cases_swapped(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Switch { cases, .. } => {
            let at = rng.below(cases.len() - 1);
            let (a, b) = (cases[at].0, cases[at + 1].0);
            cases.swap(at, at + 1);
            (cases[at].0, cases[at + 1].0) = (a, b);
            true
        }
        _ => false,
    })
}

fn case_label(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, _| match stmt {
        Stmt::Switch { cases, .. } => {
            if let Some(last) = cases.last_mut() {
                last.0 += 1;
            }
            true
        }
        _ => false,
    })
}

fn static_start(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::StaticVariable(_, value) => {
            *value += rng.range(1, 9);
            true
        }
        _ => false,
    })
}

fn handler(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Try { value, handler, .. } => {
            *value += rng.range(1, 9);
            handler.push(Stmt::Wide(rng.next()));
            true
        }
        _ => false,
    })
}

fn try_added(program: &mut Program, rng: &mut Rng) -> bool {
    if program.handlers == super::model::Handlers::None {
        return false;
    }
    let call = Stmt::Call(any_function(program, rng), rng.range(1, 9));
    change_body(program, rng, |body, rng| {
        let value = rng.range(1, 99);
        let handler = vec![Stmt::Wide(rng.next())];
        body.push(Stmt::Try {
            value,
            body: vec![call.clone()],
            handler,
        });
        true
    })
}

fn lambda_added(program: &mut Program, rng: &mut Rng) -> bool {
    if !program.cpp {
        return false;
    }
    let value = rng.range(2, 99);
    let functions = program
        .units
        .iter_mut()
        .filter_map(|u| u.functions.first_mut());
    let Some(first) = functions.into_iter().next() else {
        return false;
    };
    first.body.insert(0, Stmt::Lambda(false, value));
    true
}
