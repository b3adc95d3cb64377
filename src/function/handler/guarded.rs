//! Where in its code a function's handler does anything.
//!
//! | handler | does something | with |
//! |---|---|---|
//! | `__C_specific_handler` and its kin | within a scope | everything; with `_noexcept` thrown C++ exceptions anywhere |
//! | `__CxxFrameHandler3`, `4` | where there is a state; anywhere if `noexcept` | what C++ throws; everything else only without `/EHs` |
//! | `__GSHandlerCheck` | once the cookie is written | everything |

use super::Handler;
use crate::addr::Rva;

/// What comes out of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The instruction itself raises an exception.
    Fault,
    /// What it calls throws, or faults.
    Call,
}

/// Distances from the start of code, ascending, and whether there is a state from there on.
pub type States = Vec<(u32, bool)>;

/// Where in its code a function's handler does anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Whose data this is; `None` where nothing is known.
    pub(super) handler: Option<Handler>,
    /// What no C++ code has thrown is ignored (`/EHs`).
    pub(super) thrown_only: bool,
    /// What is thrown may end the program, wherever it is (`noexcept`, `throw()`).
    pub(super) whole: bool,
    /// First byte, and the one behind, of each scope.
    pub(super) scopes: Vec<(Rva, Rva)>,
    /// From where on there is a state, or is none, ascending.
    pub(super) states: Vec<(Rva, bool)>,
    /// The same by distance from the start of the code, for each part of the function that has
    /// an entry in the function table: its start, or `None` where there is only one.
    pub(super) segments: Vec<(Option<Rva>, States)>,
}

impl Guarded {
    /// Whether the handler of the code that begins at `entry` does anything with what comes out
    /// of the instruction at these offsets. The cookie of `/GS` is not considered: the function
    /// first has to load it, with seven bytes.
    pub fn acts(&self, entry: Rva, instruction: (u32, u32), event: Event) -> bool {
        // What is called counts as being where it returns to.
        let (first, last) = match event {
            Event::Fault => (instruction.0, instruction.0),
            Event::Call => instruction,
        };
        let place = |offset: u32| Rva(entry.0.saturating_add(offset));
        let (start, end) = (place(first), place(last));
        match self.handler {
            Some(Handler::Gs) => false,
            Some(Handler::C | Handler::GsSeh) => {
                let mut scopes = self.scopes.iter();
                event == Event::Call || scopes.any(|(from, to)| *from <= end && start < *to)
            }
            Some(Handler::Cxx3 | Handler::GsCxx3) => {
                !self.ignores(event) && (self.whole || has_state(&self.states, start, end))
            }
            Some(Handler::Cxx4 | Handler::GsCxx4) => {
                let own = |part: &&(Option<Rva>, _)| part.0.is_none_or(|at| at == entry);
                let states = self.segments.iter().find(own).map(|(_, states)| states);
                let has_state = states.is_none_or(|s| has_state(s, first, last));
                !self.ignores(event) && (self.whole || has_state)
            }
            // This one ignores everything but what C++ code throws.
            Some(Handler::Gxx) => event == Event::Call,
            None => true,
        }
    }

    fn ignores(&self, event: Event) -> bool {
        event == Event::Fault && self.thrown_only
    }
}

/// Whether there is a state at any place from `start` to `end`.
fn has_state<P: Copy + Ord>(states: &[(P, bool)], start: P, end: P) -> bool {
    let first = states.partition_point(|(from, _)| *from <= start);
    let behind = states.partition_point(|(from, _)| *from <= end);
    states[first.saturating_sub(1)..behind.max(first)]
        .iter()
        .any(|(_, state)| *state)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Rva = Rva(0x1000);

    fn of(handler: Handler) -> Guarded {
        Guarded {
            handler: Some(handler),
            ..Guarded::default()
        }
    }

    #[test]
    fn a_fault_is_in_a_scope_where_its_instruction_begins() {
        let mut guarded = of(Handler::C);
        guarded.scopes.push((Rva(0x1004), Rva(0x1010)));
        assert!(!guarded.acts(ENTRY, (0, 4), Event::Fault));
        assert!(guarded.acts(ENTRY, (4, 7), Event::Fault));
        assert!(guarded.acts(ENTRY, (0xf, 0x12), Event::Fault));
        assert!(!guarded.acts(ENTRY, (0x10, 0x12), Event::Fault));
        // The handler may be the one that lets nothing out that was thrown.
        assert!(guarded.acts(ENTRY, (0, 3), Event::Call));
    }

    #[test]
    fn a_state_holds_until_the_next_one() {
        let mut guarded = of(Handler::Cxx3);
        guarded.states = vec![
            (Rva(0x1000), false),
            (Rva(0x1008), true),
            (Rva(0x1020), false),
        ];
        for event in [Event::Fault, Event::Call] {
            assert!(!guarded.acts(ENTRY, (0, 7), event));
            assert!(guarded.acts(ENTRY, (0x10, 0x14), event));
            assert!(guarded.acts(ENTRY, (0x1c, 0x21), event));
            assert!(!guarded.acts(ENTRY, (0x20, 0x24), event));
        }
        // What is called counts as being where it returns to.
        assert!(guarded.acts(ENTRY, (3, 8), Event::Call));
        assert!(!guarded.acts(ENTRY, (3, 8), Event::Fault));
        guarded.thrown_only = true;
        assert!(!guarded.acts(ENTRY, (0x10, 0x14), Event::Fault));
        assert!(guarded.acts(ENTRY, (0x10, 0x14), Event::Call));
    }

    #[test]
    fn before_the_first_state_there_is_none() {
        let mut guarded = of(Handler::Cxx4);
        guarded.segments = vec![(None, vec![(9, true)])];
        assert!(!guarded.acts(ENTRY, (0, 5), Event::Call));
        assert!(guarded.acts(ENTRY, (5, 9), Event::Call));
        // Of a function in several parts, that of the part counts.
        guarded.segments = vec![
            (Some(Rva(0x3000)), vec![(0, true)]),
            (Some(ENTRY), vec![(0, false)]),
        ];
        assert!(!guarded.acts(ENTRY, (0, 5), Event::Call));
        // Nothing is known of one that is not listed.
        assert!(guarded.acts(Rva(0x2000), (0, 5), Event::Call));
    }

    #[test]
    fn what_lets_nothing_out_acts_everywhere() {
        let mut guarded = of(Handler::GsCxx4);
        guarded.whole = true;
        guarded.segments = vec![(None, vec![(0, false)])];
        assert!(guarded.acts(ENTRY, (0, 5), Event::Call));
        assert!(guarded.acts(ENTRY, (0, 5), Event::Fault));
        guarded.thrown_only = true;
        assert!(!guarded.acts(ENTRY, (0, 5), Event::Fault));
        assert!(guarded.acts(ENTRY, (0, 5), Event::Call));
    }

    #[test]
    fn of_what_is_not_known_anything_is_possible() {
        assert!(Guarded::default().acts(ENTRY, (0, 5), Event::Fault));
        assert!(of(Handler::Gxx).acts(ENTRY, (0, 5), Event::Call));
        assert!(!of(Handler::Gxx).acts(ENTRY, (0, 5), Event::Fault));
        assert!(!of(Handler::Gs).acts(ENTRY, (0, 5), Event::Fault));
    }
}
