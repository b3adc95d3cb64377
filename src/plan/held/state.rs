//! What is known of registers and frames at one place of a function.

use std::collections::BTreeMap;

use iced_x86::Register;

use super::value::{self, FUNCLET, HELD, MIXED, OLD, OWN, UNSURE, UPPER, Value, WIDE};
use crate::function::convention::VOLATILE;

/// The widest thing that one instruction writes.
const WIDEST: i64 = 64;
/// Where what is written to an unknown place of a region is.
const ANYWHERE: i64 = i64::MIN;
/// The first vector register that a call preserves.
const FIRST_PRESERVED_VECTOR: usize = 6;
/// Places of frames that are remembered, at most.
const MAX_CELLS: usize = 400;

/// A place in a frame that holds something of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub size: u32,
    pub value: Value,
    /// Whether it was written since the last call, as arguments are.
    pub fresh: bool,
}

pub(super) type Memory = BTreeMap<(u16, i64), Cell>;

/// Registers and frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub registers: [Value; 16],
    pub vectors: [Value; 32],
    pub memory: Memory,
}

impl State {
    /// A state in which nothing is known.
    pub fn new() -> Self {
        let mut state = State::default();
        state.set(Register::RSP, Value::place(OWN, Some(0)));
        state
    }

    pub fn get(&self, register: Register) -> Value {
        if register.is_vector_register() {
            return self.vectors[register.number()];
        }
        let full = register.full_register();
        if !full.is_gpr64() {
            return Value::default();
        }
        let value = self.registers[full.number()];
        let low = register.is_gpr8()
            && !matches!(
                register,
                Register::AH | Register::BH | Register::CH | Register::DH
            );
        match (register.is_gpr64() || register.is_gpr32(), low) {
            (_, true) if value.taint & UPPER != 0 => Value::default(),
            (true, _) if value.taint & UPPER == 0 => value,
            _ => value.mixed(),
        }
    }

    /// Writes a register. What is narrower than 32 bits leaves the rest as it is.
    pub fn set(&mut self, register: Register, value: Value) {
        if register.is_vector_register() {
            self.vectors[register.number()] = value;
            return;
        }
        let full = register.full_register();
        if !full.is_gpr64() {
            return;
        }
        let place = &mut self.registers[full.number()];
        *place = match register.is_gpr64() || register.is_gpr32() {
            true => value,
            false if value.is_held() => value.or(*place).mixed(),
            false if place.is_held() && register.is_gpr8() => {
                let stays = place.mixed();
                Value {
                    taint: stays.taint | UPPER,
                    ..stays
                }
            }
            false if place.is_held() => place.mixed(),
            false => Value::default(),
        };
    }

    pub fn join(&mut self, other: &State) {
        for (a, b) in self.registers.iter_mut().zip(other.registers) {
            *a = a.or(b);
        }
        for (a, b) in self.vectors.iter_mut().zip(other.vectors) {
            *a = a.or(b);
        }
        for (place, cell) in &mut self.memory {
            if !other.memory.contains_key(place) {
                cell.value = cell.value.or(Value::default());
            }
        }
        for (place, cell) in &other.memory {
            match self.memory.get_mut(place) {
                Some(own) => *own = both(*own, *cell),
                None => {
                    let value = cell.value.or(Value::default());
                    self.memory.insert(*place, Cell { value, ..*cell });
                }
            }
        }
    }

    /// What is read from where a value leads.
    pub fn read(&self, place: Value, size: u32) -> Value {
        let exact = place.at.filter(|_| place.regions.count_ones() == 1);
        let mut found: Option<Value> = None;
        let mut add = |value: Value| found = Some(found.map_or(value, |f| f.or(value)));
        for region in value::each(place.regions) {
            let Some(at) = exact else {
                let cells = self.memory.range((region, ANYWHERE)..=(region, i64::MAX));
                cells.for_each(|(_, cell)| add(cell.value));
                continue;
            };
            if let Some(cell) = self.memory.get(&(region, ANYWHERE)) {
                add(cell.value);
            }
            let from = (region, at.saturating_sub(WIDEST).max(ANYWHERE + 1));
            let to = (region, at.saturating_add(i64::from(size.max(1))));
            for ((_, start), cell) in self.memory.range(from..to) {
                if *start == at && cell.size == size {
                    add(cell.value);
                } else if start.saturating_add(i64::from(cell.size)) > at {
                    // A part of it, or more than it.
                    let partial = cell.value.mixed();
                    match cell.value.regions != 0 && size < 8 {
                        true => add(Value {
                            regions: 0,
                            ..partial
                        }),
                        false => add(partial),
                    }
                }
            }
        }
        let mut value = found.unwrap_or_default();
        if size > 8 && !value.is_plain() {
            value.taint |= WIDE;
        }
        value
    }

    /// Writes to where a value leads.
    pub fn write(&mut self, place: Value, size: u32, value: Value) {
        let exact = place.at.filter(|_| place.regions.count_ones() == 1);
        let Some(at) = exact else {
            if !value.is_plain() {
                value::each(place.regions).for_each(|region| {
                    let cell = self.memory.entry((region, ANYWHERE));
                    let cell = cell.or_insert(Cell {
                        size: 0,
                        value,
                        fresh: true,
                    });
                    cell.value = cell.value.or(value).or(Value { at: None, ..value });
                });
            }
            return;
        };
        let region = place.regions;
        let end = at.saturating_add(i64::from(size));
        if place.taint & UNSURE == 0 {
            let inside = self.memory.range((region, at)..(region, end.max(at)));
            let gone: Vec<_> = inside
                .filter(|((_, start), cell)| start.saturating_add(i64::from(cell.size)) <= end)
                .map(|(key, _)| *key)
                .collect();
            gone.iter().for_each(|key| {
                self.memory.remove(key);
            });
        }
        if value.is_plain() {
            return;
        }
        let cell = Cell {
            size,
            value,
            fresh: true,
        };
        let key = match self.memory.len() < MAX_CELLS {
            true => (region, at),
            false => (region, ANYWHERE),
        };
        let known = self.memory.get(&key).copied();
        let cell = known.map_or(cell, |known| both(known, cell));
        self.memory.insert(key, cell);
    }

    /// Adds what another function left in frames.
    pub fn add(&mut self, key: (u16, i64), cell: Cell) {
        let known = self.memory.get(&key).copied();
        let cell = known.map_or(cell, |known| both(known, cell));
        self.memory.insert(key, cell);
    }

    /// What is left after a call that has returned.
    pub fn after_call(&mut self, becomes_old: bool) {
        for register in VOLATILE {
            self.set(register, Value::default());
        }
        let volatile = self.vectors.iter_mut().enumerate();
        for (n, value) in volatile {
            if !(FIRST_PRESERVED_VECTOR..16).contains(&n) {
                *value = Value::default();
            }
        }
        let age = |value: &mut Value| {
            if becomes_old && value.is_held() {
                value.taint |= OLD;
            }
        };
        self.registers.iter_mut().for_each(age);
        self.vectors.iter_mut().for_each(age);
        for cell in self.memory.values_mut() {
            cell.fresh = false;
            age(&mut cell.value);
        }
    }

    /// The places that can be reached from some values.
    pub fn reachable(&self, from: &[Value]) -> Memory {
        let mut regions = 0;
        let mut more = from.iter().fold(0, |all, value| all | value.regions);
        while more & !regions != 0 {
            regions |= more;
            let cells = self.memory.iter();
            let inside = cells.filter(|((region, _), _)| regions & region != 0);
            more = inside.fold(more, |all, (_, cell)| all | cell.value.regions);
        }
        let cells = self.memory.iter();
        let inside = cells.filter(|((region, _), _)| regions & region != 0);
        inside.map(|(key, cell)| (*key, *cell)).collect()
    }

    /// What other functions may see of the frames, as they see it: `stack` is where the stack
    /// is at the call.
    pub fn handed(&self, arguments: &[Value], stack: Option<i64>) -> Memory {
        let mut handed = Memory::new();
        for ((region, at), cell) in self.reachable(arguments) {
            if region == FUNCLET {
                continue;
            }
            let regions = Value::place(region, None).down().regions;
            if regions != 0 {
                let value = cell.value.down();
                let fresh = false;
                handed.insert(
                    (regions, at),
                    Cell {
                        value,
                        fresh,
                        ..cell
                    },
                );
            }
        }
        let Some(stack) = stack else {
            return handed;
        };
        for (at, cell) in self.stack_arguments(stack) {
            let value = cell.value.down();
            // Behind the address to which the function returns.
            handed.insert((OWN, at - stack + 8), Cell { value, ..cell });
        }
        handed
    }

    /// Arguments on the stack, behind the places of the four that are in registers.
    pub fn stack_arguments(&self, stack: i64) -> impl Iterator<Item = (i64, Cell)> {
        const FIRST: i64 = 0x20;
        let cells = self
            .memory
            .range((OWN, stack.saturating_add(FIRST))..=(OWN, i64::MAX));
        let fresh = cells.filter(|(_, cell)| cell.fresh);
        fresh.map(|((_, at), cell)| (*at, *cell))
    }

    /// Whether an object holds the address that begins where a value leads, and ends before
    /// the next one of these.
    pub fn object_holds(&self, place: Value, objects: &std::collections::BTreeSet<i64>) -> bool {
        value::each(place.regions).any(|region| {
            let from = place.at.unwrap_or(ANYWHERE).max(ANYWHERE + 1);
            let next = objects.range(from.saturating_add(1)..).next();
            let to = match (region, place.at, next) {
                (OWN, Some(_), Some(next)) => *next,
                _ => i64::MAX,
            };
            let mut cells = self.memory.range((region, from)..(region, to));
            let smeared = self.memory.get(&(region, ANYWHERE));
            smeared.is_some_and(|cell| cell.value.is_held())
                || cells.any(|(_, cell)| cell.value.taint & HELD != 0)
        })
    }
}

/// Either of two things at one place.
fn both(a: Cell, b: Cell) -> Cell {
    let value = a.value.or(b.value);
    let taint = match a.size == b.size || !value.is_held() {
        true => value.taint,
        false => value.taint | MIXED,
    };
    Cell {
        size: a.size.max(b.size),
        value: Value { taint, ..value },
        fresh: a.fresh || b.fresh,
    }
}
