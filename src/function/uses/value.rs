//! What a register may hold, as far as one address is concerned.

use std::collections::BTreeMap;

use arrayvec::ArrayVec;
use iced_x86::Register;

/// More numbers than this are not told apart.
const MAX_EXACT: usize = 4;

/// Numbers that are known, ascending, and whether there may be others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Those that are known.
    pub exact: ArrayVec<i64, MAX_EXACT>,
    /// Whether there are others.
    pub others: Others,
}

/// What is known of the numbers that are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Others {
    /// There are none.
    #[default]
    None,
    /// None of them is negative.
    NotNegative,
    /// Nothing.
    Any,
}

impl Numbers {
    /// One known number.
    pub fn one(number: i64) -> Self {
        Numbers {
            exact: [number].into_iter().collect(),
            others: Others::None,
        }
    }

    /// No number at all.
    pub fn is_none(&self) -> bool {
        self.exact.is_empty() && self.others == Others::None
    }

    /// Takes other numbers in; whether that brought any.
    fn join(&mut self, other: &Numbers) -> bool {
        let known = (self.exact.len(), self.others);
        for number in &other.exact {
            self.insert(*number, Others::Any);
        }
        self.others = self.others.max(other.others);
        known != (self.exact.len(), self.others)
    }

    fn insert(&mut self, number: i64, beyond: Others) {
        if let Err(at) = self.exact.binary_search(&number) {
            if self.exact.len() < MAX_EXACT {
                self.exact.insert(at, number);
            } else {
                self.others = self.others.max(beyond);
            }
        }
    }

    /// Every number through a function; `others` is what becomes of the unknown ones.
    pub fn map(&self, to: impl Fn(i64) -> Option<i64>, others: Others) -> Numbers {
        let mut mapped = Numbers::default();
        for number in &self.exact {
            match to(*number) {
                Some(number) => mapped.insert(number, Others::Any),
                None => mapped.others = Others::Any,
            }
        }
        if self.others != Others::None {
            mapped.others = mapped.others.max(others);
        }
        mapped
    }

    /// Every sum of two numbers.
    pub fn sum(&self, other: &Numbers) -> Numbers {
        let mut sum = Numbers::default();
        for a in &self.exact {
            for b in &other.exact {
                match a.checked_add(*b) {
                    Some(number) => sum.insert(number, Others::Any),
                    None => sum.others = Others::Any,
                }
            }
        }
        let negative = |n: &Numbers| n.others == Others::Any || n.exact.iter().any(|e| *e < 0);
        let unknown = self.others != Others::None && !other.is_none()
            || other.others != Others::None && !self.is_none();
        if unknown {
            let any = negative(self) || negative(other);
            sum.others = sum.others.max(if any {
                Others::Any
            } else {
                Others::NotNegative
            });
        }
        sum
    }
}

/// A value: one of everything that is said here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The address, with these numbers added to it; `others` where the number is not known.
    pub this: Numbers,
    /// A pointer into the object before the address.
    pub before: bool,
    /// A number, or anything else.
    pub number: Numbers,
    /// What leads to the address by way of a table of distances.
    pub on_the_way: OnTheWay,
}

/// What leads to an address that is an entry of a table of distances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnTheWay {
    /// The address of the table, from which the distances count.
    pub table: bool,
    /// That of some entry.
    pub entry: bool,
    /// A distance: with the address of the table, it is the address.
    pub distance: bool,
}

impl OnTheWay {
    fn is_any(self) -> bool {
        self.table || self.entry || self.distance
    }

    fn join(self, other: OnTheWay) -> OnTheWay {
        OnTheWay {
            table: self.table || other.table,
            entry: self.entry || other.entry,
            distance: self.distance || other.distance,
        }
    }
}

impl Value {
    /// Anything else.
    pub fn any() -> Self {
        Value::number(Others::Any)
    }

    /// A number of which not more is known.
    pub fn number(others: Others) -> Self {
        Value {
            number: Numbers {
                exact: ArrayVec::new(),
                others,
            },
            ..Value::default()
        }
    }

    /// A known number.
    pub fn known(number: i64) -> Self {
        Value {
            number: Numbers::one(number),
            ..Value::default()
        }
    }

    /// The address of the table of distances.
    pub fn table() -> Self {
        let table = OnTheWay {
            table: true,
            ..OnTheWay::default()
        };
        Value {
            on_the_way: table,
            ..Value::default()
        }
    }

    /// An entry of the table of distances.
    pub fn distance() -> Self {
        let distance = OnTheWay {
            distance: true,
            ..OnTheWay::default()
        };
        Value {
            on_the_way: distance,
            ..Value::default()
        }
    }

    /// Whether it may be, or be derived from, the address, or leads to it.
    pub fn holds(&self) -> bool {
        !self.this.is_none() || self.leads()
    }

    /// Whether it may be what leads to the address by way of a table.
    pub fn leads(&self) -> bool {
        self.on_the_way.is_any()
    }

    /// Whether it is a pointer into the object before, and nothing else.
    pub fn is_before(&self) -> bool {
        self.before && self.this.is_none() && self.number.is_none()
    }

    /// Becomes one of two values; whether that is less certain than before.
    pub fn join(&mut self, other: &Value) -> bool {
        let known = (self.before, self.on_the_way);
        let numbers = self.this.join(&other.this) | self.number.join(&other.number);
        self.before |= other.before;
        self.on_the_way = self.on_the_way.join(other.on_the_way);
        numbers || known != (self.before, self.on_the_way)
    }

    /// The sum of two values.
    pub fn sum(&self, other: &Value) -> Value {
        let nothing = Value::known(0);
        if *other == nothing || *self == nothing {
            return if *other == nothing { self } else { other }.clone();
        }
        let mut this = self.this.sum(&other.number);
        this.join(&other.this.sum(&self.number));
        let mut number = self.number.sum(&other.number);
        let pointers = |v: &Value| v.before || !v.this.is_none();
        if pointers(self) && pointers(other) {
            number.others = Others::Any;
        }
        let numbers = |v: &Value| !v.number.is_none();
        let entry = self.follow(other, &mut this) | other.follow(self, &mut this);
        Value {
            this,
            before: self.before && numbers(other) || other.before && numbers(self),
            number,
            on_the_way: OnTheWay {
                entry,
                ..OnTheWay::default()
            },
        }
    }

    /// What adding another value to a table or to a distance makes of it: the address, or what
    /// is derived from it; whether it may be the address of an entry.
    fn follow(&self, other: &Value, this: &mut Numbers) -> bool {
        let (own, numbers) = (self.on_the_way, !other.number.is_none());
        if own.table && other.on_the_way.distance {
            this.insert(0, Others::Any);
        }
        if own.entry && other.on_the_way.distance || own.distance && numbers {
            this.others = Others::Any;
        }
        (own.table || own.entry) && numbers
    }
}

/// What registers and slots of the frame may hold. Those that are not here hold anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// By number, ascending.
    registers: Vec<(u8, Value)>,
    /// By base register and displacement.
    slots: BTreeMap<(u8, i64), Value>,
}

impl State {
    /// Becomes what both paths may bring; whether that is less certain than before.
    pub fn join(&mut self, other: &State) -> bool {
        let any = Value::any();
        let mut moved = false;
        for (register, value) in &mut self.registers {
            let theirs = other.known_register(*register).unwrap_or(&any);
            moved |= value.join(theirs);
        }
        for (register, value) in &other.registers {
            if let Err(at) = self.registers.binary_search_by_key(register, |r| r.0) {
                let mut joined = any.clone();
                if joined.join(value) {
                    self.registers.insert(at, (*register, joined));
                    moved = true;
                }
            }
        }
        for (place, value) in &mut self.slots {
            moved |= value.join(other.slots.get(place).unwrap_or(&any));
        }
        for (place, value) in &other.slots {
            if !self.slots.contains_key(place) {
                let mut joined = any.clone();
                if joined.join(value) {
                    self.slots.insert(*place, joined);
                    moved = true;
                }
            }
        }
        if moved {
            self.registers.retain(|(_, value)| *value != any);
            self.slots.retain(|_, value| *value != any);
        }
        moved
    }

    /// A register or a part of one.
    pub fn get(&self, register: Register) -> Value {
        index(register).map_or_else(Value::any, |index| self.register(index))
    }

    fn register(&self, index: u8) -> Value {
        let known = self.known_register(index);
        known.cloned().unwrap_or_else(Value::any)
    }

    fn known_register(&self, index: u8) -> Option<&Value> {
        let found = self.registers.binary_search_by_key(&index, |r| r.0);
        found.ok().map(|at| &self.registers[at].1)
    }

    fn set_register(&mut self, index: u8, value: Value) {
        let found = self.registers.binary_search_by_key(&index, |r| r.0);
        match (found, value == Value::any()) {
            (Ok(at), true) => drop(self.registers.remove(at)),
            (Ok(at), false) => self.registers[at].1 = value,
            (Err(_), true) => {}
            (Err(at), false) => self.registers.insert(at, (index, value)),
        }
    }

    /// Sets a register; slots that are counted from it are not known any more.
    pub fn set(&mut self, register: Register, value: Value) {
        if let Some(index) = index(register) {
            self.set_register(index, value);
            self.slots.retain(|place, _| place.0 != index);
        }
    }

    /// A slot of the frame.
    pub fn slot(&self, place: (u8, i64)) -> Value {
        self.slots.get(&place).cloned().unwrap_or_else(Value::any)
    }

    /// Sets a slot of the frame.
    fn set_slot(&mut self, place: (u8, i64), value: Value) {
        match value == Value::any() {
            true => self.slots.remove(&place),
            false => self.slots.insert(place, value),
        };
    }

    /// Writes this many bytes to the frame; slots of which a part is written hold anything.
    pub fn store(&mut self, place: (u8, i64), size: i64, value: Value) {
        let touched = place.1 - 7..place.1 + size;
        self.slots
            .retain(|slot, _| slot.0 != place.0 || !touched.contains(&slot.1));
        self.set_slot(place, value);
    }

    /// Whether a slot of the frame holds the address.
    pub fn holds_in_frame(&self) -> bool {
        self.slots.values().any(Value::holds)
    }

    /// Whether a register holds the address.
    pub fn holds_in_registers(&self) -> bool {
        self.registers.iter().any(|(_, value)| value.holds())
    }

    /// Whether a register or slot holds the address.
    pub fn holds_anywhere(&self) -> bool {
        self.holds_in_registers() || self.holds_in_frame()
    }
}

/// The number of a general-purpose register.
pub fn index(register: Register) -> Option<u8> {
    let full = register.full_register();
    full.is_gpr64().then(|| full.number() as u8)
}
