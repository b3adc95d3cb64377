//! Edits of what happens when: branches, switches, handlers.

use super::edits::{any_function, change_body, change_one, new_statements};
use super::model::{Handlers, Program, Stmt};
use super::rng::Rng;

pub fn branch_added(program: &mut Program, rng: &mut Rng) -> bool {
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

pub fn statement_removed(program: &mut Program, rng: &mut Rng) -> bool {
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

pub fn statements_swapped(program: &mut Program, rng: &mut Rng) -> bool {
    change_body(program, rng, |body, rng| {
        if body.len() < 2 {
            return false;
        }
        let at = rng.below(body.len() - 1);
        body.swap(at, at + 1);
        true
    })
}

pub fn unlikely_part(program: &mut Program, rng: &mut Rng) -> bool {
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

pub fn case_added(program: &mut Program, rng: &mut Rng) -> bool {
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

pub fn cases_swapped(program: &mut Program, rng: &mut Rng) -> bool {
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

pub fn case_label(program: &mut Program, rng: &mut Rng) -> bool {
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

pub fn static_start(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::StaticVariable(_, value) => {
            *value += rng.range(1, 9);
            true
        }
        _ => false,
    })
}

pub fn handler(program: &mut Program, rng: &mut Rng) -> bool {
    change_one(program, rng, |stmt, rng| match stmt {
        Stmt::Try { value, handler, .. } => {
            *value += rng.range(1, 9);
            handler.push(Stmt::Wide(rng.next()));
            true
        }
        _ => false,
    })
}

pub fn try_added(program: &mut Program, rng: &mut Rng) -> bool {
    if program.handlers == Handlers::None {
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

pub fn lambda_added(program: &mut Program, rng: &mut Rng) -> bool {
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
