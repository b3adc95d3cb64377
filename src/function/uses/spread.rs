//! An address is followed from where a function takes it, for as long as something holds it.
//!
//! What registers and slots hold without it is the same for every address that the function
//! takes, and found once. Where the address, the object before it or its table is taken, that
//! changes, and from there on from one place where paths meet to the next, until it makes no
//! difference. Between these places alone are states found anew; all others bring what they
//! bring without the address.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use iced_x86::{Decoder, DecoderOptions, Instruction};

use super::value::State;
use super::walk::Walk;
use super::{Followed, MAX_CODE, MAX_PASSES, Shown, Start};
use crate::addr::Rva;
use crate::function::decode::decode_out;
use crate::function::{FunctionIndex, Program};

/// A place where paths meet or begin.
#[derive(Debug)]
struct Meeting {
    /// What registers and slots hold there.
    state: State,
    /// What each path brings that leads there, by the meeting from which it comes.
    brought: Vec<(u32, State)>,
    /// Whether a path begins there: the function does, or no path leads there.
    begins: bool,
}

/// What a function does without the address.
#[derive(Debug)]
pub struct Base {
    /// Where paths meet or begin, by offset.
    meetings: BTreeMap<u32, Meeting>,
    /// Instructions with an operand that counts from them, by offset, and what it leads to.
    operands: Vec<(u32, Rva)>,
    /// Where instructions begin, ascending.
    instructions: Vec<u32>,
    /// Whether the code ends in something that is no instruction.
    is_cut: bool,
}

impl Base {
    /// What a function does; `None` where its states don't get stable, or it is too long.
    fn of(program: &Program<'_>, function: FunctionIndex) -> Option<Base> {
        let bytes = program.bytes_of(function);
        if bytes.len() > MAX_CODE {
            return None;
        }
        let nothing = Followed {
            program,
            budget: &std::cell::Cell::new(0),
            start: Start::default(),
            before: (Rva(0), Rva(0)),
            depth: 0,
        };
        let mut walk = Walk::new(nothing, function);
        walk.settle(&State::default())?;
        let mut base = Base {
            meetings: meetings(&mut walk),
            operands: Vec::new(),
            instructions: Vec::new(),
            is_cut: false,
        };
        let start = u64::from(program.function(function).rva.0);
        let mut decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        while decoder.can_decode() && !base.is_cut {
            let at = decoder.position() as u32;
            decode_out(&mut decoder, bytes, &mut instruction);
            base.is_cut = instruction.is_invalid();
            base.instructions.push(at);
            if instruction.is_ip_rel_memory_operand() {
                let target = Rva(instruction.ip_rel_memory_address() as u32);
                base.operands.push((at, target));
            }
        }
        Some(base)
    }

    /// Roughly how much memory it takes, in states.
    pub fn weight(&self) -> usize {
        let brought: usize = self.meetings.values().map(|m| m.brought.len()).sum();
        self.meetings.len() + brought + self.instructions.len() / 64
    }

    /// The last place at or before an offset where paths meet or begin.
    fn meeting_before(&self, at: u32) -> Option<u32> {
        self.meetings.range(..=at).next_back().map(|(at, _)| *at)
    }
}

impl Followed<'_> {
    /// What a function shows that takes the address itself; `None` where that is not certain.
    pub(super) fn follow(self, function: FunctionIndex) -> Option<Shown> {
        let remembered = &self.program.remembered;
        let base = remembered.base(function, || Base::of(self.program, function).map(Arc::new))?;
        let mut walk = Walk::new(self, function);
        let touched = self.touched(&base, &mut walk)?;
        let states = between(&base, &touched, &mut walk)?;
        // What is called changes no state, so it is followed when all states are known.
        walk.hands_on = true;
        walk.shown = Shown {
            escaped: base.is_cut,
            ..Shown::default()
        };
        for (at, state) in states {
            walk.run_on(at, state, |at| base.meetings.contains_key(&at));
        }
        Some(walk.shown)
    }

    /// The meetings from which on the address makes a difference; `None` where there is no end.
    fn touched(&self, base: &Base, walk: &mut Walk<'_>) -> Option<BTreeSet<u32>> {
        let mut touched = self.sources(base);
        let mut states: BTreeMap<u32, State> = BTreeMap::new();
        let mut open = touched.clone();
        let mut left = base.meetings.len().saturating_mul(MAX_PASSES);
        while let Some(at) = open.pop_first() {
            left = left.checked_sub(1)?;
            let known = states.get(&at);
            let state = known.or_else(|| base.meetings.get(&at).map(|m| &m.state))?;
            walk.run_on(at, state.clone(), |at| base.meetings.contains_key(&at));
            for (to, brought) in std::mem::take(&mut walk.states) {
                let known = states.get(&to);
                // Into the middle of an instruction: no walk comes by there.
                let Some(known) = known.or_else(|| base.meetings.get(&to).map(|m| &m.state)) else {
                    continue;
                };
                let mut joined = known.clone();
                if joined.join(&brought) {
                    states.insert(to, joined);
                    open.insert(to);
                    touched.insert(to);
                }
            }
        }
        Some(touched)
    }

    /// From where the walk has to begin, so that it comes by all places where the address, the
    /// object before it or the table is taken.
    fn sources(&self, base: &Base) -> BTreeSet<u32> {
        let of_reference = self.start.reference.map(|field| {
            let after = base.instructions.partition_point(|at| *at <= field);
            base.instructions[..after].last().copied().unwrap_or(0)
        });
        let counts = |target: Rva| {
            let table = self.start.table.unwrap_or_default();
            (self.before.0..self.before.1).contains(&target) || (table.0..table.1).contains(&target)
        };
        let operands = base.operands.iter().filter(|(_, target)| {
            let pointed = self.program.import_pointer(*target);
            counts(*target) || pointed.is_some_and(counts)
        });
        let places = operands.map(|(at, _)| *at).chain(of_reference);
        places.filter_map(|at| base.meeting_before(at)).collect()
    }
}

/// Where paths meet or begin in a function that a walk has settled on.
fn meetings(walk: &mut Walk<'_>) -> BTreeMap<u32, Meeting> {
    walk.meetings = Some(BTreeMap::new());
    walk.run(&State::default());
    let found = walk.meetings.take().unwrap_or_default();
    let mut meetings: BTreeMap<u32, Meeting> = found
        .iter()
        .map(|(at, (state, begins))| {
            let meeting = Meeting {
                state: state.clone(),
                brought: Vec::new(),
                begins: *begins,
            };
            (*at, meeting)
        })
        .collect();
    for (at, (state, _)) in &found {
        walk.states.clear();
        walk.run_on(*at, state.clone(), |at| found.contains_key(&at));
        for (to, state) in std::mem::take(&mut walk.states) {
            if let Some(meeting) = meetings.get_mut(&to) {
                meeting.brought.push((*at, state));
            }
        }
    }
    meetings
}

/// The states at those meetings, given that all others bring what they bring in any case.
fn between(
    base: &Base,
    touched: &BTreeSet<u32>,
    walk: &mut Walk<'_>,
) -> Option<BTreeMap<u32, State>> {
    let mut states: BTreeMap<u32, State> = BTreeMap::new();
    for at in touched {
        let meeting = base.meetings.get(at)?;
        let brought = meeting.brought.iter();
        let others = brought.filter(|(from, _)| !touched.contains(from));
        let begun = meeting.begins.then(State::default);
        let joined = others.fold(begun, |joined, (_, state)| match joined {
            Some(mut joined) => {
                joined.join(state);
                Some(joined)
            }
            None => Some(state.clone()),
        });
        states.extend(joined.map(|state| (*at, state)));
    }
    let mut open: BTreeSet<u32> = states.keys().copied().collect();
    let mut left = touched.len().saturating_mul(4 * MAX_PASSES);
    while let Some(at) = open.pop_first() {
        left = left.checked_sub(1)?;
        walk.run_on(at, states.get(&at)?.clone(), |at| {
            base.meetings.contains_key(&at)
        });
        for (to, brought) in std::mem::take(&mut walk.states) {
            if !touched.contains(&to) {
                continue;
            }
            let moved = match states.entry(to) {
                Entry::Occupied(mut known) => known.get_mut().join(&brought),
                Entry::Vacant(new) => {
                    new.insert(brought);
                    true
                }
            };
            if moved {
                open.insert(to);
            }
        }
    }
    Some(states)
}
