//! Follows the address of a constant through one function.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpKind,
    Register,
};

use super::known::{self, Effect};
use super::state::{Cell, Memory, State};
use super::value::{
    self, CONTENT, DISTANCE, FUNCLET, HELD, LAST_FRAME, OLD, OWN, UNSURE, Value, WIDE,
};
use super::{Search, step};
use crate::addr::Rva;
use crate::function::convention::ARGUMENTS;
use crate::function::{FunctionIndex, Place, ReferenceKind};

/// How many calls deep an address is followed.
const MAX_DEPTH: u32 = 24;
/// Vector registers in which arguments are handed over.
pub(super) const VECTOR_ARGUMENTS: usize = 6;
/// Those of them that the usual convention uses.
const USUAL_VECTOR_ARGUMENTS: usize = 4;

/// Whether the patch may come while a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cover {
    /// It may.
    None,
    /// The function is replaced: no thread may be in it.
    Replaced,
    /// A function that is replaced waits for this one.
    Above,
}

/// What a function sets out with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Context {
    pub cover: Cover,
    pub arguments: [Value; 4],
    pub vectors: [Value; VECTOR_ARGUMENTS],
    pub memory: Memory,
}

impl Context {
    /// Whether the function is handed the address.
    pub fn is_handed(&self) -> bool {
        let cells = self.memory.values().map(|cell| &cell.value);
        let mut values = self.arguments.iter().chain(&self.vectors).chain(cells);
        values.any(|value| value.is_held())
    }
}

/// What becomes of an address in a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    pub held: Option<String>,
    /// What it returns.
    pub result: Value,
    pub vector: Value,
    /// What it leaves in the frames of others.
    pub memory: Memory,
    /// Objects in the frames of others of which it stores the address.
    pub escaped: BTreeSet<Value>,
}

impl Fate {
    /// Whether callers have to do with it.
    pub fn concerns_callers(&self) -> bool {
        let mut left = self.memory.values();
        self.result.is_held() || self.vector.is_held() || left.any(|cell| cell.value.is_held())
    }

    /// Whether it leaves the address where its arguments lead.
    pub fn gives_to_arguments(&self) -> bool {
        self.memory.values().any(|cell| cell.value.is_held())
    }

    /// Adds what another path does.
    pub fn join(&mut self, other: &Fate) {
        if self.held.is_none() {
            self.held.clone_from(&other.held);
        }
        self.result = self.result.or(other.result);
        self.vector = self.vector.or(other.vector);
        let mut state = State {
            memory: std::mem::take(&mut self.memory),
            ..State::default()
        };
        for (key, cell) in &other.memory {
            state.add(*key, *cell);
        }
        self.memory = state.memory;
        self.escaped.extend(&other.escaped);
    }
}

/// What a call leads to.
enum Target {
    Function(FunctionIndex),
    Import(String),
    /// One of these.
    Several(Vec<FunctionIndex>),
    Unknown,
}

/// One function, followed.
pub(super) struct Walk<'s, 'p> {
    pub search: &'s mut Search<'p>,
    function: FunctionIndex,
    pub cover: Cover,
    depth: u32,
    code: BTreeMap<u32, Instruction>,
    states: BTreeMap<u32, State>,
    open: BTreeSet<u32>,
    seen: BTreeSet<u32>,
    /// What is known where a call does not return to: where exceptions lead.
    landing: Option<State>,
    landings: BTreeSet<u32>,
    funclets: Vec<u32>,
    /// Places in the frame of which the function takes the address: there objects begin.
    pub objects: BTreeSet<i64>,
    /// Objects in frames of which the address is stored.
    escaped: BTreeSet<Value>,
    /// What the functions that are called leave in frames.
    left: Vec<((u16, i64), Cell)>,
    pub fate: Fate,
    /// Whether what is read is extended to a distance.
    pub extends: bool,
    pub factory: InstructionInfoFactory,
}

/// Follows the address through a function.
pub(super) fn run(
    search: &mut Search<'_>,
    function: FunctionIndex,
    context: &Context,
    depth: u32,
) -> Fate {
    let mut walk = Walk {
        search,
        function,
        cover: context.cover,
        depth,
        code: BTreeMap::new(),
        states: BTreeMap::new(),
        open: BTreeSet::new(),
        seen: BTreeSet::new(),
        landing: None,
        landings: BTreeSet::new(),
        funclets: Vec::new(),
        objects: BTreeSet::new(),
        escaped: BTreeSet::new(),
        left: Vec::new(),
        fate: Fate::default(),
        extends: false,
        factory: InstructionInfoFactory::new(),
    };
    walk.decode();
    let mut state = State::new();
    for (register, value) in ARGUMENTS.into_iter().zip(context.arguments) {
        state.set(register, value);
    }
    state.vectors[..VECTOR_ARGUMENTS].copy_from_slice(&context.vectors);
    state.memory.clone_from(&context.memory);
    let start = walk.search.program.function(function).rva.0;
    walk.enter(start, &state);
    walk.all();
    let escaped = walk.escaped.iter().map(|place| place.up());
    walk.fate.escaped = escaped.filter(|place| place.regions != 0).collect();
    walk.fate
}

impl Walk<'_, '_> {
    fn decode(&mut self) {
        let program = self.search.program;
        let mut pieces = vec![self.function];
        for piece in program.pieces_of(self.function) {
            if program.is_funclet(piece) {
                self.funclets.push(program.function(piece).rva.0);
            }
            pieces.push(piece);
        }
        for piece in pieces {
            let f = program.function(piece);
            let bytes = program.bytes_of(piece);
            let decoder = Decoder::with_ip(64, bytes, f.rva.0.into(), DecoderOptions::NONE);
            for i in decoder {
                self.code.insert(i.ip() as u32, i);
            }
        }
    }

    /// Notes who holds the address.
    pub fn hold(&mut self, what: &str) {
        if self.fate.held.is_none() {
            let name = self.search.program.function(self.function).display_name();
            self.fate.held = Some(format!("{name} {what}"));
        }
    }

    /// Joins what is known at a place; whether that is news.
    fn enter(&mut self, at: u32, state: &State) -> bool {
        let news = match self.states.get_mut(&at) {
            None => {
                self.states.insert(at, state.clone());
                true
            }
            Some(known) => {
                let mut joined = known.clone();
                joined.join(state);
                let news = joined != *known;
                *known = joined;
                news
            }
        };
        if news {
            self.open.insert(at);
        }
        news
    }

    fn all(&mut self) {
        loop {
            while let Some(at) = self.open.pop_first() {
                self.block(at);
                if self.fate.held.is_some() {
                    return;
                }
            }
            let Some(landing) = self.landing.clone() else {
                return;
            };
            let tables = &self.search.program.switch_tables;
            let in_table = |at: u32| {
                let next = tables.partition_point(|t| t.table.0 <= at);
                let table = next.checked_sub(1).map(|n| &tables[n]);
                table.is_some_and(|t| at - t.table.0 < t.entries * t.entry.width())
            };
            let pads = |i: &Instruction| matches!(i.mnemonic(), Mnemonic::Nop | Mnemonic::Int3);
            let mut unseen = self.code.iter().filter(|(at, i)| {
                !self.seen.contains(at)
                    && !pads(i)
                    && !self.funclets.contains(at)
                    && !in_table(**at)
            });
            let mut news = false;
            if let Some((at, _)) = unseen.next() {
                news = self.landings.insert(*at);
            }
            let mut of_funclets = State::default();
            of_funclets.memory.clone_from(&landing.memory);
            of_funclets.set(Register::RSP, Value::place(FUNCLET, Some(0)));
            of_funclets.set(Register::RDX, landing.get(Register::RSP));
            for at in self.funclets.clone() {
                news |= self.enter(at, &of_funclets);
            }
            for at in self.landings.clone() {
                news |= self.enter(at, &landing);
            }
            if !news {
                return;
            }
        }
    }

    fn block(&mut self, from: u32) {
        let mut state = self.states[&from].clone();
        let mut at = from;
        let mut calls = false;
        while self.fate.held.is_none() {
            if at != from && self.states.contains_key(&at) {
                self.enter(at, &state);
                return;
            }
            let Some(i) = self.code.get(&at).copied() else {
                // Behind a call that never returns there may be nothing.
                if !calls && is_of_interest(&state) {
                    self.hold("goes on with its address where it is not followed");
                }
                return;
            };
            self.seen.insert(at);
            at = i.next_ip() as u32;
            calls = false;
            match i.flow_control() {
                FlowControl::Call | FlowControl::IndirectCall => {
                    self.call(&i, &mut state, false);
                    calls = true;
                }
                FlowControl::ConditionalBranch => self.branch(&i, &state),
                FlowControl::UnconditionalBranch => {
                    self.branch(&i, &state);
                    return;
                }
                FlowControl::IndirectBranch => {
                    self.indirect_branch(&i, state);
                    return;
                }
                FlowControl::Return => {
                    self.leave(&state);
                    return;
                }
                FlowControl::Exception | FlowControl::Interrupt => return,
                _ => step::step(self, &i, &mut state),
            }
        }
    }

    fn branch(&mut self, i: &Instruction, state: &State) {
        let target = i.near_branch_target() as u32;
        if self.code.contains_key(&target) {
            self.enter(target, state);
        } else if let Place::Function(_, 0) = self.search.program.place(Rva(target)) {
            let mut after = state.clone();
            self.call(i, &mut after, true);
            self.leave(&after);
        } else if is_of_interest(state) {
            self.hold("goes on with its address where it is not followed");
        }
    }

    fn indirect_branch(&mut self, i: &Instruction, mut state: State) {
        let program = self.search.program;
        let at = i.ip() as u32;
        let tables = program.switch_tables.iter();
        let tables = tables.filter(|t| t.branch.0 == at);
        let cases = tables.flat_map(|t| program.image.switch_targets(t).unwrap_or_default());
        let labels = program.labels_of(self.function);
        let labels = labels.filter_map(|at| program.image.pointer_at(at));
        let mut cases: Vec<u32> = cases.chain(labels).map(|rva| rva.0).collect();
        if i.op0_kind() == OpKind::Register && state.get(i.op0_register()).is_held() {
            // To the label whose address is followed.
            let references = program.code_of(self.function).references.iter();
            let taken = references.filter(|r| r.kind == ReferenceKind::Address);
            cases.extend(taken.map(|r| r.target.0));
            cases.retain(|case| self.code.contains_key(case));
        }
        if cases.is_empty() {
            self.call(i, &mut state, true);
            self.leave(&state);
            return;
        }
        for case in cases {
            if self.code.contains_key(&case) {
                self.enter(case, &state);
            }
        }
    }

    /// The function returns.
    fn leave(&mut self, state: &State) {
        if state.get(Register::RSP).regions & FUNCLET != 0 {
            if let Some(landing) = &mut self.landing {
                let mut joined = landing.clone();
                joined.join(&State {
                    memory: state.memory.clone(),
                    ..landing.clone()
                });
                *landing = joined;
            }
            return;
        }
        let memory = state.memory.iter();
        let memory = memory.filter(|((region, _), _)| region & (OWN | FUNCLET) == 0);
        let fate = Fate {
            result: state.get(Register::RAX),
            vector: state.vectors[0],
            memory: memory.map(|(key, cell)| (*key, *cell)).collect(),
            ..Fate::default()
        };
        self.fate.join(&fate);
        self.look_at_escaped(state);
    }

    fn look_at_escaped(&mut self, state: &State) {
        let mut escaped = self.escaped.iter();
        if escaped.any(|place| state.object_holds(*place, &self.objects)) {
            self.hold("stores the address of an object that holds its address");
        }
    }

    /// An address is used, and not only moved.
    pub fn uses(&mut self, value: Value) {
        if value.is_held() && value.taint & OLD != 0 {
            self.hold("keeps its address while it calls others");
        }
    }

    /// What an address that is known stands for.
    pub fn address(&self, rva: Rva) -> Value {
        Value {
            taint: self.search.taint_of(self.function, rva),
            ..Value::number(rva.0.into())
        }
    }

    /// The place that a field of an instruction means.
    pub fn field(&self, i: &Instruction, kind: ReferenceKind) -> Option<Rva> {
        let program = self.search.program;
        let function = match program.place(Rva(i.ip() as u32)) {
            Place::Function(f, _) => f,
            _ => self.function,
        };
        let from = (i.ip() as u32).wrapping_sub(program.function(function).rva.0);
        let to = from + i.len() as u32;
        let mut references = program.code_of(function).references.iter();
        let found = references.find(|r| r.kind == kind && (from..to).contains(&r.at));
        found.map(|r| r.target)
    }

    /// Where the memory operand of an instruction is.
    pub fn place_of(&self, i: &Instruction, state: &State) -> Value {
        if matches!(i.segment_prefix(), Register::GS | Register::FS) {
            return Value::default();
        }
        if i.is_ip_rel_memory_operand() {
            return self.address(Rva(i.ip_rel_memory_address() as u32));
        }
        let elsewhere = self.search.leads_elsewhere;
        let mut index = state.get(i.memory_index());
        let scale = i.memory_index_scale();
        if scale != 1 {
            let number = (index.is_plain()).then_some(index.at).flatten();
            index = index.mixed();
            index.at = number.map(|n| n.wrapping_mul(scale.into()));
            if i.memory_index() == Register::None {
                index = Value::default();
            }
        }
        let displacement = match self.field(i, ReferenceKind::ImageRelative) {
            Some(rva) if self.address(rva).is_held() => self.address(rva),
            _ => Value::number(i.memory_displacement64() as i64),
        };
        let mut sum = Value::number(0);
        if i.memory_base() != Register::None {
            sum = state.get(i.memory_base());
        }
        if i.memory_index() != Register::None {
            sum = sum.plus(index, elsewhere);
        }
        sum.plus(displacement, elsewhere)
    }

    /// What is read from a place.
    pub fn load(&mut self, place: Value, size: u32, state: &State) -> Value {
        self.uses(place);
        let mut found = match place.regions {
            0 => Value::default(),
            _ => state.read(place, size),
        };
        if place.is_held() {
            found = match place.regions {
                0 => Value::default(),
                _ => found,
            };
            found.taint |= self.search.content(place, size, self.extends);
            if size == 4 && found.taint & CONTENT != 0 {
                found.taint |= DISTANCE;
            }
            if size > 8 && found.is_held() {
                found.taint |= WIDE;
            }
        }
        found
    }

    /// Writes to a place.
    pub fn store(&mut self, place: Value, size: u32, value: Value, state: &mut State) {
        self.uses(place);
        if place.is_held() && place.regions == 0 {
            self.hold("stores something at a place that its address tells");
        }
        let unsure = place.regions == 0 || place.taint & UNSURE != 0;
        if unsure && value.is_held() {
            self.hold("stores its address");
        }
        if unsure && value.regions != 0 {
            self.escaped.insert(value);
        }
        let chosen = place.is_held() && place.regions != 0;
        let value = match chosen {
            true => Value {
                taint: value.taint | (place.taint & HELD),
                ..value
            },
            false => value,
        };
        state.write(place, size, value);
    }

    /// Copies bytes from one place to another.
    pub fn copy(&mut self, (to, from): (Value, Value), size: Option<i64>, state: &mut State) {
        self.uses(to);
        self.uses(from);
        let mut cells: Vec<(Option<i64>, u32, Value)> = Vec::new();
        for region in value::each(from.regions) {
            let exact = from.at.filter(|_| from.regions.count_ones() == 1);
            for ((_, at), cell) in state.memory.range((region, i64::MIN)..=(region, i64::MAX)) {
                let Some(start) = exact.filter(|_| *at != i64::MIN) else {
                    cells.push((None, 8, cell.value));
                    continue;
                };
                let offset = at - start;
                let behind = size.is_some_and(|size| offset >= size);
                if offset + i64::from(cell.size) > 0 && !behind {
                    cells.push((Some(offset), cell.size, cell.value));
                }
            }
        }
        if from.is_held() {
            let of_content = self.search.content(Value { at: None, ..from }, 8, false);
            if of_content & HELD != 0 {
                let value = Value {
                    taint: of_content,
                    ..Value::default()
                };
                cells.push((None, 8, value));
            }
        }
        for (offset, size, value) in cells {
            let place = match offset {
                Some(offset) => to.plus(Value::number(offset), false),
                None => Value { at: None, ..to },
            };
            self.store(place, size, value, state);
        }
    }

    fn target(&mut self, i: &Instruction, state: &State) -> Target {
        let program = self.search.program;
        let of_place = |place: Place| match place {
            Place::Function(f, 0) => Target::Function(f),
            Place::Import(n) => Target::Import(program.image.imports[n as usize].name.to_string()),
            _ => Target::Unknown,
        };
        if i.op0_kind() == OpKind::NearBranch64 {
            return of_place(program.place(Rva(i.near_branch_target() as u32)));
        }
        let mut value = match i.op0_kind() {
            OpKind::Register => state.get(i.op0_register()),
            _ if i.is_ip_rel_memory_operand() => {
                let slot = Rva(i.ip_rel_memory_address() as u32);
                match program.place(slot) {
                    Place::Import(n) => return of_place(Place::Import(n)),
                    _ if program.is_writable(slot) => return Target::Unknown,
                    _ => {}
                }
                let taint = self.address(slot).taint;
                match program.image.pointer_at(slot) {
                    Some(target) => Value::number(target.0.into()),
                    None => Value {
                        taint,
                        ..Value::default()
                    },
                }
            }
            _ => {
                let place = self.place_of(i, state);
                self.load(place, 8, state)
            }
        };
        // The check of control flow guard has what is called in RAX.
        let guards = |f: FunctionIndex| {
            program
                .function(f)
                .display_name()
                .contains("guard_dispatch")
        };
        if let (Some(at), true) = (value.at, value.taint & CONTENT == 0)
            && let Ok(rva) = u32::try_from(at)
        {
            match of_place(program.place(Rva(rva))) {
                Target::Function(f) if guards(f) => value = state.get(Register::RAX),
                Target::Function(f) => return Target::Function(f),
                _ => return Target::Unknown,
            }
        }
        match value.taint & CONTENT != 0 && value.regions == 0 {
            true => self
                .search
                .called()
                .map_or(Target::Unknown, Target::Several),
            false => Target::Unknown,
        }
    }

    fn call(&mut self, i: &Instruction, state: &mut State, tail: bool) {
        let target = self.target(i, state);
        let name = match &target {
            Target::Function(f) => self.search.program.function(*f).display_name(),
            Target::Import(name) => name.clone(),
            _ => String::new(),
        };
        if name.contains("chkstk") {
            return;
        }
        self.look_at_escaped(state);
        let arguments = ARGUMENTS.map(|r| state.get(r));
        let (mut result, mut vector) = (Value::default(), Value::default());
        match (known::effect(&name), target) {
            (Some(effect), _) => {
                arguments.into_iter().for_each(|a| self.uses(a));
                match effect {
                    Effect::Reads => {}
                    Effect::ReturnsFirst => {
                        result = Value {
                            at: None,
                            ..arguments[0]
                        }
                    }
                    Effect::Copies => {
                        let size = arguments[2].at.filter(|_| arguments[2].is_plain());
                        self.copy((arguments[0], arguments[1]), size, state);
                        result = arguments[0];
                    }
                }
            }
            (None, Target::Function(f)) => {
                (result, vector) = self.into((f, tail), arguments, state);
            }
            (None, Target::Several(functions)) => {
                for f in functions {
                    let (r, v) = self.into((f, tail), arguments, state);
                    result = result.or(r);
                    vector = vector.or(v);
                }
            }
            (None, Target::Import(_) | Target::Unknown) => {
                self.hand_to_unknown(&name, arguments, state);
            }
        }
        state.after_call(self.cover == Cover::None);
        for (key, cell) in std::mem::take(&mut self.left) {
            state.add(key, cell);
        }
        self.look_at_escaped(state);
        if !tail {
            match &mut self.landing {
                Some(landing) => landing.join(state),
                None => self.landing = Some(state.clone()),
            }
        }
        state.set(Register::RAX, result);
        state.vectors[0] = vector;
    }

    /// What a function of the image does with what it is handed.
    fn into(
        &mut self,
        (f, tail): (FunctionIndex, bool),
        mut arguments: [Value; 4],
        state: &mut State,
    ) -> (Value, Value) {
        let left_over = arguments.iter_mut().skip(self.search.arguments_of(f));
        left_over.for_each(|value| *value = Value::default());
        let stack = state.get(Register::RSP);
        let stack = stack.at.filter(|_| stack.regions == OWN);
        // A tail call leaves the arguments where they are.
        let stack = stack.map(|s| if tail { s + 8 } else { s });
        let mut handed = Context {
            cover: match (self.search.is_replaced(f), self.cover, tail) {
                (true, Cover::None | Cover::Replaced, _) => Cover::Replaced,
                (_, Cover::None, _) | (_, Cover::Replaced, true) => Cover::None,
                _ => Cover::Above,
            },
            arguments: arguments.map(Value::down),
            vectors: [Value::default(); VECTOR_ARGUMENTS],
            memory: state.handed(&arguments, stack),
        };
        for (to, from) in handed.vectors.iter_mut().zip(state.vectors) {
            *to = from.down();
        }
        let cells = handed.memory.values();
        let mut values = cells
            .map(|cell| cell.value)
            .chain(handed.arguments)
            .chain(handed.vectors);
        let concerned = values.any(Value::is_held) || self.search.concerned.contains(&f);
        if !concerned {
            return (Value::default(), Value::default());
        }
        let lost = state.reachable(&arguments).into_keys();
        let lost = lost.fold(0, |all, (region, _)| all | region) & (LAST_FRAME | FUNCLET) != 0;
        if lost || self.depth >= MAX_DEPTH {
            self.hold("hands its address on where it is not followed any more");
            return (Value::default(), Value::default());
        }
        handed.arguments.iter_mut().for_each(forget_number);
        handed.vectors.iter_mut().for_each(forget_number);
        let fate = self.search.fate(f, handed, self.depth + 1);
        if self.fate.held.is_none() {
            self.fate.held.clone_from(&fate.held);
        }
        for ((region, at), cell) in &fate.memory {
            let regions = Value::place(*region, None).up().regions;
            let value = cell.value.up();
            if regions != 0 {
                self.left.push(((regions, *at), Cell { value, ..*cell }));
            }
        }
        self.escaped.extend(fate.escaped);
        (fate.result.up(), fate.vector.up())
    }

    /// What nobody knows anything of is handed the address, or an object with it.
    fn hand_to_unknown(&mut self, name: &str, arguments: [Value; 4], state: &State) {
        let stack = state.get(Register::RSP);
        let stack = stack.at.filter(|_| stack.regions == OWN);
        let on_stack = stack.into_iter().flat_map(|s| state.stack_arguments(s));
        let vectors = state.vectors[..USUAL_VECTOR_ARGUMENTS].iter().copied();
        let vectors = vectors.filter(|v| v.taint & WIDE == 0);
        let handed = arguments.into_iter().chain(vectors);
        let handed: Vec<Value> = handed.chain(on_stack.map(|(_, cell)| cell.value)).collect();
        let holds = |v: &Value| v.is_held() || state.object_holds(*v, &self.objects);
        if !handed.iter().any(holds) {
            return;
        }
        match name.is_empty() {
            true => self.hold("hands its address to a function that is not known"),
            false => {
                if self.fate.held.is_none() {
                    self.fate.held = Some(format!("{name} gets its address"));
                }
            }
        }
    }
}

fn forget_number(value: &mut Value) {
    if value.regions == 0 && !value.is_held() {
        value.at = None;
    }
}

/// Whether there is anything that has to be followed.
fn is_of_interest(state: &State) -> bool {
    let registers = state.registers.iter().chain(&state.vectors);
    let cells = state.memory.values().map(|cell| &cell.value);
    registers.chain(cells).any(|value| value.is_held())
}
