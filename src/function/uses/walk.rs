//! A walk over the code of a function, with what registers and slots may hold.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Register,
};

use super::value::State;
use super::{Followed, FunctionIndex, MAX_PASSES, Shown, frame};
use crate::addr::Rva;
use crate::function::decode::decode_out;

/// A walk over the code of a function.
pub(super) struct Walk<'w> {
    pub(super) followed: Followed<'w>,
    pub(super) rva: Rva,
    bytes: &'w [u8],
    /// Whether nobody but this code reads and writes the slots of its frame.
    pub(super) slots: bool,
    /// Whether functions to which it is handed are followed.
    pub(super) hands_on: bool,
    /// What branches bring, by where they lead to.
    pub(super) states: BTreeMap<u32, State>,
    /// Whether a state of a branch target has become less certain.
    moved: bool,
    /// Where paths meet or begin, with the state there and whether one begins; only noted
    /// where it is wanted.
    pub(super) meetings: Option<BTreeMap<u32, (State, bool)>>,
    pub(super) shown: Shown,
    pub(super) info: InstructionInfoFactory,
}

impl<'w> Walk<'w> {
    /// A walk that has not begun.
    pub(super) fn new(followed: Followed<'w>, function: FunctionIndex) -> Self {
        let program = followed.program;
        let (rva, bytes) = (program.function(function).rva, program.bytes_of(function));
        let has_handlers = !program.funclets_of(function).is_empty();
        Walk {
            followed,
            rva,
            bytes,
            slots: frame::slots_are_private(bytes, rva) && !has_handlers,
            hands_on: false,
            states: BTreeMap::new(),
            moved: false,
            meetings: None,
            shown: Shown::default(),
            info: InstructionInfoFactory::new(),
        }
    }

    /// Walks until states are stable; `None` where they don't get stable.
    pub(super) fn settle(&mut self, entry: &State) -> Option<()> {
        for _ in 0..MAX_PASSES {
            self.moved = false;
            self.run(entry);
            if !self.moved {
                return Some(());
            }
        }
        None
    }

    /// Walks over all code.
    pub(super) fn run(&mut self, entry: &State) {
        let mut decoder = Decoder::with_ip(64, self.bytes, self.rva.0.into(), DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        let mut state = Some(entry.clone());
        while decoder.can_decode() {
            let at = decoder.position() as u32;
            decode_out(&mut decoder, self.bytes, &mut instruction);
            if instruction.is_invalid() {
                self.shown.escaped = true;
                return;
            }
            let joined = self.states.get(&at);
            let begins = joined.is_none() && state.is_none() || at == 0;
            let is_meeting = joined.is_some() || begins;
            if let Some(joined) = joined {
                match &mut state {
                    Some(state) => {
                        state.join(joined);
                    }
                    None => state = Some(joined.clone()),
                }
            }
            // What no branch leads to is the case of a switch, or handles an exception: the
            // address may still be taken there.
            let here = state.get_or_insert_with(State::default);
            if let Some(meetings) = self.meetings.as_mut().filter(|_| is_meeting) {
                meetings.insert(at, (here.clone(), begins));
            }
            self.step(here, &instruction, at);
            if !self.leave(here, &instruction) {
                state = None;
            }
        }
    }

    /// Walks from one meeting to the next, and adds what that brings to the next one to the
    /// states.
    pub(super) fn run_on(&mut self, from: u32, mut state: State, meets: impl Fn(u32) -> bool) {
        let bytes = self.bytes.get(from as usize..).unwrap_or(&[]);
        let ip = u64::from(self.rva.0) + u64::from(from);
        let mut decoder = Decoder::with_ip(64, bytes, ip, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        while decoder.can_decode() {
            let at = from + decoder.position() as u32;
            if at != from && meets(at) {
                return self.bring(at, &state);
            }
            decode_out(&mut decoder, bytes, &mut instruction);
            if instruction.is_invalid() {
                self.shown.escaped = true;
                return;
            }
            self.step(&mut state, &instruction, at);
            if !self.leave(&state, &instruction) {
                return;
            }
        }
    }

    fn bring(&mut self, to: u32, state: &State) {
        self.moved |= match self.states.entry(to) {
            Entry::Occupied(mut known) => known.get_mut().join(state),
            Entry::Vacant(new) => {
                new.insert(state.clone());
                true
            }
        };
    }

    /// A branch out of the function: a call in tail position.
    fn leave_for(&mut self, i: &Instruction, state: &State) {
        if !self.hands_on || !state.holds_anywhere() {
            return;
        }
        let target = Rva(i.near_branch_target() as u32);
        let is_plain = i.flow_control() == FlowControl::UnconditionalBranch;
        let shown = is_plain.then(|| self.followed.handed_to(target, state));
        match shown.flatten() {
            Some(shown) if !state.holds_in_frame() => self.shown.add(shown),
            _ => self.shown.escaped = true,
        }
    }

    /// Hands the state on to the branch target; says whether the next instruction follows.
    fn leave(&mut self, state: &State, i: &Instruction) -> bool {
        match i.flow_control() {
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                let target = (i.near_branch_target() as u32).wrapping_sub(self.rva.0);
                if (target as usize) < self.bytes.len() {
                    self.bring(target, state);
                } else {
                    self.leave_for(i, state);
                }
                i.flow_control() == FlowControl::ConditionalBranch
            }
            FlowControl::IndirectBranch => {
                self.shown.escaped |= state.holds_anywhere();
                false
            }
            FlowControl::Return => {
                self.shown.escaped |= state.get(Register::RAX).holds();
                false
            }
            FlowControl::Exception => false,
            _ => true,
        }
    }
}
