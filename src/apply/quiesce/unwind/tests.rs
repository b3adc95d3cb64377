//! Functions are made of instructions here, executed one by one, and after each one the
//! walk has to find the same callers.

use std::collections::HashMap;

use super::*;

const BASE: u64 = 0x1_4000_0000;
const STACK_TOP: u64 = 0x20_0000;

/// The callers that a walk finds.
fn walk(world: &World, registers: &Registers, stack_base: u64) -> Result<Vec<u64>, Stuck> {
    super::walk(world, registers, stack_base).map(|w| w.callers)
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Push(u8),
    Pop(u8),
    Sub(u32),
    Add(u32),
    /// `lea rbp, [rsp + n]`
    LeaRbp(u8),
    /// `lea rsp, [rbp + n]`
    LeaRsp(u8),
    Nop,
    Ret,
}

impl Op {
    fn bytes(self) -> Vec<u8> {
        let pushpop = |base: u8, r: u8| match r {
            0..=7 => vec![base + r],
            _ => vec![0x41, base + (r - 8)],
        };
        let arithmetic = |modrm: u8, n: u32| match u8::try_from(n) {
            Ok(n) if n < 0x80 => vec![0x48, 0x83, modrm, n],
            _ => [&[0x48, 0x81, modrm][..], &n.to_le_bytes()].concat(),
        };
        match self {
            Op::Push(r) => pushpop(0x50, r),
            Op::Pop(r) => pushpop(0x58, r),
            Op::Sub(n) => arithmetic(0xec, n),
            Op::Add(n) => arithmetic(0xc4, n),
            Op::LeaRbp(n) => vec![0x48, 0x8d, 0x6c, 0x24, n],
            Op::LeaRsp(n) => vec![0x48, 0x8d, 0x65, n],
            Op::Nop => vec![0x90],
            Op::Ret => vec![0xc3],
        }
    }
}

/// Code, unwind information and stack of a process that doesn't exist.
#[derive(Default)]
struct World {
    bytes: HashMap<u64, u8>,
    entries: Vec<Entry>,
}

impl Memory for World {
    fn read(&self, at: u64, buffer: &mut [u8]) -> Option<()> {
        for (at, byte) in (at..).zip(buffer) {
            *byte = *self.bytes.get(&at)?;
        }
        Some(())
    }

    fn entry(&self, address: u64) -> Lookup {
        if !(BASE..BASE + 0x10_0000).contains(&address) {
            return Lookup::NoCode;
        }
        let holds = |e: &&Entry| (e.begin..e.end).contains(&address);
        match self.entries.iter().find(holds) {
            Some(entry) => Lookup::Function(*entry),
            None => Lookup::Leaf,
        }
    }
}

impl World {
    fn new() -> Self {
        let mut world = World::default();
        world.put(STACK_TOP - 0x4000, &[0; 0x4000]);
        world
    }

    fn put(&mut self, at: u64, bytes: &[u8]) {
        self.bytes.extend((at..).zip(bytes.iter().copied()));
    }

    fn put_word(&mut self, at: u64, word: u64) {
        self.put(at, &word.to_le_bytes());
    }

    /// Adds a function; returns where each of its instructions starts.
    fn function(&mut self, at: u64, ops: &[Op], info: &[u8]) -> Vec<u64> {
        let mut starts = Vec::new();
        let mut end = at;
        for op in ops {
            starts.push(end);
            let bytes = op.bytes();
            self.put(end, &bytes);
            end += bytes.len() as u64;
        }
        // Whatever follows must not matter, but can be read.
        self.put(end, &[0xcc; 16]);
        if !info.is_empty() {
            self.info(at, end, at + 0x800, info);
        }
        starts
    }

    fn info(&mut self, begin: u64, end: u64, at: u64, info: &[u8]) {
        self.put(at, info);
        self.entries.push(Entry {
            base: BASE,
            begin,
            end,
            info: at,
        });
    }

    /// A caller at `at` whose frame has `size` bytes above the return address into it;
    /// returns the return address into it.
    fn caller(&mut self, at: u64, size: u8) -> u64 {
        self.put(at, &[0x48, 0x83, 0xec, size, 0xe8, 0, 0, 0, 0, 0x90]);
        self.put(at + 10, &[0xcc; 16]);
        self.info(
            at,
            at + 10,
            at + 0x800,
            &[1, 4, 1, 0, 4, (size / 8 - 1) << 4 | 2],
        );
        at + 9
    }
}

/// Executes a function whose return address is at the top of the stack, and walks before
/// every instruction.
fn every_step(ops: &[Op], info: &[u8]) {
    let mut world = World::new();
    let starts = world.function(BASE + 0x1000, ops, info);
    let returns = world.caller(BASE + 0x2000, 0x28);
    // The caller's frame: 0x28 bytes, then the end of the stack.
    let mut rsp = STACK_TOP - 0x40;
    world.put_word(rsp, returns);
    let mut registers = [0x1111_1111u64; 16];
    registers[5] = 0x5555;
    for (op, at) in ops.iter().zip(starts) {
        let mut integer = [0; 15];
        integer[..4].copy_from_slice(&registers[..4]);
        integer[4..].copy_from_slice(&registers[5..]);
        let stopped = Registers {
            rip: at,
            rsp,
            integer,
        };
        let walked = walk(&world, &stopped, STACK_TOP);
        assert_eq!(walked, Ok(vec![returns - 1]), "before {op:?} at {at:#x}");
        match *op {
            Op::Push(r) => {
                rsp -= 8;
                world.put_word(rsp, registers[usize::from(r)]);
            }
            Op::Pop(r) => {
                registers[usize::from(r)] = world.word(rsp).unwrap();
                rsp += 8;
            }
            Op::Sub(n) => rsp -= u64::from(n),
            Op::Add(n) => rsp += u64::from(n),
            Op::LeaRbp(n) => registers[5] = rsp + u64::from(n),
            Op::LeaRsp(n) => rsp = registers[5] + u64::from(n),
            Op::Nop | Op::Ret => {}
        }
    }
    assert_eq!(rsp, STACK_TOP - 0x40, "the test's function is wrong");
}

#[test]
fn pushes_and_a_small_allocation() {
    use Op::*;
    let ops = [
        Push(3),
        Push(6),
        Push(15),
        Sub(0x20),
        Nop,
        Nop,
        Add(0x20),
        Pop(15),
        Pop(6),
        Pop(3),
        Ret,
    ];
    every_step(&ops, &[1, 8, 4, 0, 8, 0x32, 4, 0xf0, 2, 0x60, 1, 0x30]);
}

#[test]
fn large_allocations_of_both_sizes() {
    use Op::*;
    let ops = [Sub(0x1000), Nop, Add(0x1000), Ret];
    every_step(&ops, &[1, 7, 2, 0, 7, 0x01, 0, 2]);
    every_step(&ops, &[1, 7, 3, 0, 7, 0x11, 0, 0x10, 0, 0, 0, 0]);
}

#[test]
fn a_frame_register_and_a_stack_that_grows_in_the_body() {
    use Op::*;
    let ops = [
        Push(5),
        Sub(0x40),
        LeaRbp(0x20),
        Nop,
        Sub(0x180),
        Nop,
        LeaRsp(0x20),
        Pop(5),
        Ret,
    ];
    every_step(&ops, &[1, 10, 3, 0x25, 10, 0x03, 5, 0x72, 1, 0x50]);
}

#[test]
fn a_function_without_information_is_a_leaf() {
    every_step(&[Op::Nop, Op::Nop, Op::Ret], &[]);
}

#[test]
fn saved_registers_are_read_from_the_frame() {
    let mut world = World::new();
    // sub rsp, 28h; mov [rsp+20h], rbp; body. The caller's frame is found through rbp.
    let at = BASE + 0x1000;
    world.function(
        at,
        &[Op::Sub(0x28), Op::Nop, Op::Nop],
        &[1, 5, 3, 0, 5, 0x54, 4, 0, 4, 0x42],
    );
    let caller = BASE + 0x2000;
    world.put(
        caller,
        &[0x55, 0x48, 0x8d, 0x6c, 0x24, 0x10, 0xe8, 0, 0, 0, 0, 0x90],
    );
    world.put(caller + 12, &[0xcc; 16]);
    world.info(
        caller,
        caller + 12,
        caller + 0x800,
        &[1, 6, 2, 0x15, 6, 0x03, 1, 0x50],
    );
    let returns = caller + 11;
    let rsp = STACK_TOP - 0x100;
    world.put_word(rsp + 0x20, STACK_TOP - 0x10);
    world.put_word(rsp + 0x28, returns);
    let registers = Registers {
        rip: at + 5,
        rsp,
        integer: [0; 15],
    };
    // rbp was STACK_TOP - 0x10, the frame 0x10 below: a pop, then the end.
    let walked = walk(&world, &registers, STACK_TOP);
    assert_eq!(walked, Ok(vec![returns - 1]));
}

#[test]
fn a_chained_part_undoes_what_its_parent_did() {
    let mut world = World::new();
    let returns = world.caller(BASE + 0x2000, 0x28);
    // The parent pushes rbx and allocates; the part allocates nothing and runs elsewhere.
    world.function(
        BASE + 0x1000,
        &[Op::Push(3), Op::Sub(0x20)],
        &[1, 5, 2, 0, 5, 0x32, 1, 0x30],
    );
    let part = BASE + 0x3000;
    world.put(part, &[0x90; 16]);
    world.put(part + 16, &[0xcc; 16]);
    let mut info = vec![0x21, 0, 0, 0];
    for rva in [0x1000u32, 0x1005, 0x1800] {
        info.extend_from_slice(&rva.to_le_bytes());
    }
    world.info(part, part + 16, part + 0x800, &info);
    let rsp = STACK_TOP - 0x40 - 0x28;
    world.put_word(STACK_TOP - 0x40, returns);
    let registers = Registers {
        rip: part + 4,
        rsp,
        integer: [0; 15],
    };
    assert_eq!(walk(&world, &registers, STACK_TOP), Ok(vec![returns - 1]));
}

#[test]
fn an_exception_leads_back_to_the_code_it_interrupted() {
    let mut world = World::new();
    let returns = world.caller(BASE + 0x2000, 0x28);
    let starts = world.function(
        BASE + 0x1000,
        &[Op::Push(3), Op::Nop],
        &[1, 1, 1, 0, 1, 0x30],
    );
    let handler = BASE + 0x4000;
    world.put(handler, &[0x90; 32]);
    world.info(
        handler,
        handler + 16,
        handler + 0x800,
        &[1, 0, 1, 0, 0, 0x0a],
    );
    // Interrupted before its push: the return address is at its stack pointer.
    let interrupted = STACK_TOP - 0x40;
    world.put_word(interrupted, returns);
    let rsp = STACK_TOP - 0x100;
    world.put_word(rsp, starts[0]);
    world.put_word(rsp + 24, interrupted);
    let registers = Registers {
        rip: handler + 4,
        rsp,
        integer: [0; 15],
    };
    let walked = walk(&world, &registers, STACK_TOP);
    assert_eq!(walked, Ok(vec![starts[0], returns - 1]));
}

#[test]
fn a_tail_jump_ends_a_function_and_a_loop_does_not() {
    let mut world = World::new();
    let returns = world.caller(BASE + 0x2000, 0x28);
    let at = BASE + 0x1000;
    // sub rsp, 28h; nop; add rsp, 28h; jmp +0x100 (a tail call)
    world.put(at, &[0x48, 0x83, 0xec, 0x28, 0x90, 0x48, 0x83, 0xc4, 0x28]);
    world.put(at + 9, &[0xe9, 0, 1, 0, 0]);
    world.put(at + 14, &[0xcc; 64]);
    world.info(at, at + 14, at + 0x800, &[1, 4, 1, 0, 4, 0x42]);
    let after = Registers {
        rip: at + 9,
        rsp: STACK_TOP - 0x40,
        integer: [0; 15],
    };
    world.put_word(STACK_TOP - 0x40, returns);
    assert_eq!(walk(&world, &after, STACK_TOP), Ok(vec![returns - 1]));
    // The same jump back into the function: the frame is still there.
    world.put(at + 9, &[0xe9, 0xf6, 0xff, 0xff, 0xff]);
    let inside = Registers {
        rsp: STACK_TOP - 0x40 - 0x28,
        ..after
    };
    assert_eq!(walk(&world, &inside, STACK_TOP), Ok(vec![returns - 1]));
}

/// A function at `BASE + 0x1000` that pushes rbx and allocates 0x20 bytes, whose cold part
/// lies at `BASE + 0x3000`, and a caller; the return address into that.
fn split_function() -> (World, u64, u64, u64) {
    let mut world = World::new();
    let returns = world.caller(BASE + 0x2000, 0x28);
    world.put_word(STACK_TOP - 0x40, returns);
    let (hot, cold) = (BASE + 0x1000, BASE + 0x3000);
    world.put(hot, &[0x53, 0x48, 0x83, 0xec, 0x20, 0x90]);
    world.put(hot + 6, &[0xcc; 64]);
    world.info(hot, hot + 32, hot + 0x800, &[1, 5, 2, 0, 5, 0x32, 1, 0x30]);
    world.put(cold, &[0x90; 16]);
    world.put(cold + 16, &[0xcc; 64]);
    let mut chained = vec![0x21, 0, 0, 0];
    for rva in [0x1000u32, 0x1020, 0x1800] {
        chained.extend_from_slice(&rva.to_le_bytes());
    }
    world.info(cold, cold + 32, cold + 0x800, &chained);
    (world, hot, cold, returns)
}

fn jump(from: u64, to: u64) -> Vec<u8> {
    let distance = to.wrapping_sub(from + 5) as u32;
    [&[0xe9], distance.to_le_bytes().as_slice()].concat()
}

#[test]
fn a_jump_between_the_parts_of_a_function_leaves_nothing() {
    let (mut world, hot, cold, returns) = split_function();
    let at_rest = |rip| Registers {
        rip,
        rsp: STACK_TOP - 0x40 - 0x28,
        integer: [0; 15],
    };
    for (from, to) in [(hot + 6, cold + 2), (cold + 3, hot + 5), (hot + 6, cold)] {
        let before = world.bytes.clone();
        world.put(from, &jump(from, to));
        let walked = walk(&world, &at_rest(from), STACK_TOP);
        assert_eq!(walked, Ok(vec![returns - 1]), "{from:#x} to {to:#x}");
        world.bytes = before;
    }
    // To its own beginning: it calls itself, after its epilog.
    world.put(hot + 6, &jump(hot + 6, hot));
    let after = Registers {
        rsp: STACK_TOP - 0x40,
        ..at_rest(hot + 6)
    };
    assert_eq!(walk(&world, &after, STACK_TOP), Ok(vec![returns - 1]));
    // Into the middle of something else, which may use the frame.
    let other = BASE + 0x4000;
    world.info(other, other + 16, other + 0x800, &[1, 0, 0, 0]);
    world.put(hot + 6, &jump(hot + 6, other + 4));
    let stuck = walk(&world, &at_rest(hot + 6), STACK_TOP);
    assert_eq!(stuck, Err(Stuck::Info(hot + 0x800)));
    world.put(hot + 6, &jump(hot + 6, other));
    assert_eq!(walk(&world, &after, STACK_TOP), Ok(vec![returns - 1]));
}

#[test]
fn jumps_through_pointers_end_a_function() {
    let jumps: [&[u8]; 6] = [
        // jmp [rip + n]
        &[0xff, 0x25, 0, 0, 0, 0],
        // rex.w jmp [rax + 80h]; rex.wb jmp r8; rex.w jmp [rsp + rax*8 + 8]
        &[0x48, 0xff, 0xa0, 0x80, 0, 0, 0],
        &[0x49, 0xff, 0xe0],
        &[0x48, 0xff, 0x64, 0xc4, 8],
        // bnd jmp rax, bnd ret
        &[0xf2, 0x48, 0xff, 0xe0],
        &[0xf2, 0xc3],
    ];
    for code in jumps {
        let (mut world, hot, _, returns) = split_function();
        world.put(hot + 6, code);
        let after = Registers {
            rip: hot + 6,
            rsp: STACK_TOP - 0x40,
            integer: [0; 15],
        };
        let walked = walk(&world, &after, STACK_TOP);
        assert_eq!(walked, Ok(vec![returns - 1]), "{code:x?}");
    }
}

#[test]
fn a_part_has_the_frame_register_from_its_beginning() {
    let (mut world, hot, cold, _) = split_function();
    // push rsi; sub rsp, 20h; lea rsi, [rsp + 10h]; the part saves rbp in that frame.
    world.put(
        hot + 0x800,
        &[1, 10, 3, 0x16, 10, 0x03, 5, 0x32, 1, 0x60, 0, 0],
    );
    let mut part = vec![0x21, 8, 2, 0x16, 2, 0x54, 3, 0];
    for rva in [0x1000u32, 0x1020, 0x1800] {
        part.extend_from_slice(&rva.to_le_bytes());
    }
    world.put(cold + 0x800, &part);
    // The caller's frame is found through rbp.
    let caller = BASE + 0x5000;
    world.put(
        caller,
        &[0x55, 0x48, 0x8d, 0x6c, 0x24, 0x10, 0xe8, 0, 0, 0, 0, 0x90],
    );
    world.put(caller + 12, &[0xcc; 16]);
    world.info(
        caller,
        caller + 12,
        caller + 0x800,
        &[1, 6, 2, 0x15, 6, 0x03, 1, 0x50],
    );
    let frame = STACK_TOP - 0x100;
    world.put_word(frame + 0x18, STACK_TOP - 0x10);
    world.put_word(frame + 0x28, caller + 11);
    let mut integer = [0; 15];
    integer[5] = frame + 0x10;
    // The body has grown the stack, and the part's own prolog has not run whole.
    let registers = Registers {
        rip: cold + 4,
        rsp: frame - 0x40,
        integer,
    };
    assert_eq!(walk(&world, &registers, STACK_TOP), Ok(vec![caller + 10]));
}

#[test]
fn a_handler_that_knows_the_frame_is_not_run() {
    let mut world = World::new();
    let at = BASE + 0x1000;
    world.put(at, &[0x90; 32]);
    // Assembly code that has moved the stack pointer: no codes, and a handler.
    world.info(at, at + 16, at + 0x800, &[9, 0, 0, 0]);
    let registers = Registers {
        rip: at + 4,
        rsp: STACK_TOP - 0x100,
        integer: [0; 15],
    };
    let walked = walk(&world, &registers, STACK_TOP);
    assert_eq!(walked, Err(Stuck::Info(at + 0x800)));
}

#[test]
fn a_walk_says_where_it_ended() {
    let mut world = World::new();
    let returns = world.caller(BASE + 0x2000, 0x28);
    let at = BASE + 0x1000;
    world.put(at, &[0x90; 32]);
    let rsp = STACK_TOP - 0x140;
    world.put_word(rsp, returns);
    let registers = Registers {
        rip: at,
        rsp,
        integer: [0; 15],
    };
    let walked = super::walk(&world, &registers, STACK_TOP).unwrap();
    assert_eq!(walked.callers, [returns - 1]);
    assert_eq!(walked.end, rsp + 8 + 0x28 + 8);
}

#[test]
fn what_is_not_proven_is_stuck() {
    let at = BASE + 0x1000;
    let stopped = |rip, rsp| Registers {
        rip,
        rsp,
        integer: [0; 15],
    };
    let rsp = STACK_TOP - 0x40;
    let mut world = World::new();
    world.put(at, &[0x90; 32]);
    assert_eq!(
        walk(&world, &stopped(0x1234, rsp), STACK_TOP),
        Err(Stuck::NoCode(0x1234))
    );
    // A return address that nothing called from.
    world.put_word(rsp, at + 16);
    assert_eq!(
        walk(&world, &stopped(at, rsp), STACK_TOP),
        Err(Stuck::NoCall(at + 16))
    );
    // Called, but from a function without information.
    world.put(at + 11, &[0xe8]);
    assert_eq!(
        walk(&world, &stopped(at, rsp), STACK_TOP),
        Err(Stuck::NoInfo(at + 16))
    );
    // A frame that ends outside of the stack.
    world.info(at, at + 32, at + 0x800, &[1, 0, 1, 0, 0, 0x72]);
    let left = walk(&world, &stopped(at, STACK_TOP - 0x10), STACK_TOP);
    assert!(
        matches!(left, Err(Stuck::Unreadable(_) | Stuck::OffStack(_))),
        "{left:?}"
    );
    // Unwind information of a version that doesn't exist.
    world.put(at + 0x800, &[3]);
    assert_eq!(
        walk(&world, &stopped(at, rsp), STACK_TOP),
        Err(Stuck::Info(at + 0x800))
    );
}

#[test]
fn damaged_information_never_panics_and_always_ends() {
    let good = [
        1, 8, 4, 0x25, 8, 0x32, 4, 0x03, 2, 0x60, 1, 0x30, 0, 0, 0, 0,
    ];
    for at in 0..good.len() {
        for value in 0..=255u8 {
            let mut info = good;
            info[at] = value;
            let mut world = World::new();
            let starts = world.function(BASE + 0x1000, &[Op::Nop, Op::Nop], &info);
            let registers = Registers {
                rip: starts[1] + 8,
                rsp: STACK_TOP - 0x100,
                integer: [STACK_TOP - 0x80; 15],
            };
            let _ = walk(&world, &registers, STACK_TOP);
        }
    }
}
