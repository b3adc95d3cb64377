//! The edits that make a new program of an old one.

use super::edits_data as data;
use super::edits_flow as flow;
use super::edits_program as whole;
use super::edits_value as value;
use super::generate_stmt::{Scope, body};
use super::model::{Program, Stmt};
use super::rng::Rng;

/// An edit and its name. It gives false where the program has nothing of the kind.
pub type Edit = (&'static str, fn(&mut Program, &mut Rng) -> bool);

/// All edits.
pub const EDITS: &[Edit] = &[
    ("constant", value::constant),
    ("operator", value::operator),
    ("float constant", value::float_constant),
    ("string, same length", value::text_same_length),
    ("string, other length", value::text_other_length),
    ("string behind its NUL", value::blob_tail),
    ("array element", value::array_element),
    ("array element behind a NUL", value::chars_behind_nul),
    ("name in a switch of names", value::chosen_name),
    ("call target", value::call_target),
    ("branch added", flow::branch_added),
    ("statement removed", flow::statement_removed),
    ("statements swapped", flow::statements_swapped),
    ("unlikely part", flow::unlikely_part),
    ("switch case added", flow::case_added),
    ("switch cases swapped", flow::cases_swapped),
    ("switch label", flow::case_label),
    ("static variable's start", flow::static_start),
    ("handler", flow::handler),
    ("throw or handler added", flow::try_added),
    ("lambda added before others", flow::lambda_added),
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
    ("structure members reordered", data::members_reordered),
    ("structure member added", data::member_added),
    ("global's start", data::global_start),
    ("global added before others", data::global_added),
    ("thread-local variable added", data::thread_local_added),
    ("table entry", data::table_entry),
    ("table entries swapped", data::table_swapped),
    ("table longer", data::table_longer),
    ("method changed", data::method_changed),
    ("virtual method added", data::method_added),
];

/// The finding that an edit calls for where functions changed, whatever else it does.
pub fn demanded(edit: &str) -> Option<&'static str> {
    match edit {
        "structure members reordered" | "structure member added" => Some("HP305"),
        "thread-local variable added" => Some("HP306"),
        _ => None,
    }
}

/// Tries `change` on the statements in random order until one takes it.
pub fn change_one(
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
pub fn change_body(
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

/// The name of some function that every unit can see.
pub fn any_function(program: &Program, rng: &mut Rng) -> String {
    let all: Vec<&String> = program
        .functions()
        .filter(|f| !f.file_local)
        .map(|f| &f.name)
        .collect();
    (*rng.pick(&all)).clone()
}

/// A few statements of the kinds that only need what the header declares.
pub fn new_statements(program: &Program, rng: &mut Rng, count: usize) -> Vec<Stmt> {
    body(rng, &Scope::of_header(program), count)
}
