//! What is read from the memory of a process.

use hotpatch::addr::Va;
use hotpatch::apply::loaded::{export, identity, unwind_table};
use hotpatch::apply::quiesce::unwind::{CodeMap, Lookup, Memory, walk};
use hotpatch::apply::record::{
    Body, CodePages, Function, FunctionTable, Header, HookAt, PatchedModule, Protected, Record,
    Registration, Site, Stage, VariableAt,
};
use hotpatch::apply::survey::Survey;
use hotpatch::apply::target::Registers;
use hotpatch::payload::names::Hook;
use sha2::{Digest, Sha256};

use crate::fixtures;
use crate::process::{MODULE, PRIVATE, Process, REGION};

/// Offsets in a record: see `src/apply/record/header.rs`.
const BODY_LEN: usize = 0xc;
const DIGEST: usize = 0x18;
const BODY: usize = 0x100;

/// Patch records. Where the first byte is even, length and digest of the body are made to
/// fit, so that the body is read.
pub fn record(data: &[u8]) {
    let Some((fit, memory)) = data.split_first() else {
        return;
    };
    let mut memory = memory.to_vec();
    if fit & 1 == 0 && memory.len() > BODY {
        let body = memory.split_off(BODY);
        memory[..8].copy_from_slice(b"\x8fHPREC\r\n");
        memory[8..12].copy_from_slice(&1u32.to_le_bytes());
        memory[BODY_LEN..][..4].copy_from_slice(&(body.len() as u32).to_le_bytes());
        memory[DIGEST..][..32].copy_from_slice(&Sha256::digest(&body));
        memory.extend(body);
    }
    let process = Process::new(fixtures::PAIRS[2].0.image.to_vec(), memory);
    let survey = Survey::of(&process).expect("regions that can be listed");
    for patch in &survey.patches {
        let _ = patch.record.end();
        let _ = patch.record.is_active(&process);
        let _ = CodeMap::of(&process, &[&patch.record]);
    }
    let _ = Record::read(&process, Va(PRIVATE));
}

/// Where the second patch is.
const ABOVE: u64 = PRIVATE + REGION;

/// A patch at `at` that does everything a patch can.
fn patch(at: u64, over: Vec<Va>) -> Body {
    let (entry, relay) = (Va(MODULE + 0x1100), Va(MODULE + 0x1180));
    let site = |at, original: &[u8], redirect: &[u8]| Site {
        at,
        original: original.to_vec(),
        redirect: redirect.to_vec(),
        function: 0,
    };
    Body {
        id: "a".into(),
        sequence: 1 + over.len() as u64,
        product: Some("x".into()),
        title: Some("A fix".into()),
        package_sha256: "00".into(),
        content_sha256: None,
        applied_by: "x".into(),
        module: PatchedModule {
            name: "app.exe".into(),
            base: Va(MODULE),
            size: 0x2000,
            time_date_stamp: 0,
        },
        function_table: Some(FunctionTable {
            at: Va(at + 0xf00),
            entries: 1,
        }),
        call: Some(Va(at + 0x1000)),
        code: vec![CodePages {
            at: Va(at + 0x1000),
            size: 0x1000,
        }],
        data: vec![Va(at + 0xf00)],
        over,
        requires: vec!["b".into()],
        on_stack: vec!["f".into()],
        hooks: vec![HookAt {
            hook: Hook::BeforeApply,
            at: Va(at + 0x1010),
        }],
        functions: vec![Function {
            name: "f".into(),
            entry,
            replacement: Va(at + 0x1020),
            replacement_size: 16,
            must_not_stay: Some("it locks".into()),
        }],
        entries: vec![site(entry, &[0x53, 0x90], &[0xeb, 0x7e])],
        variables: vec![VariableAt {
            name: Some("count".into()),
            at: Va(at + 0xf40),
            size: 8,
            type_sha256: None,
        }],
        exposed: vec!["f".into()],
        relays: vec![site(relay, &[0xcc; 5], &[0xe9, 0, 0, 0, 0])],
        pages: vec![Protected {
            at: Va(MODULE + 0x1000),
            size: 0x1000,
            protection: 0x20,
        }],
    }
}

/// One patch alone, and one over another: each is read as a whole, or the seed is no seed.
pub fn record_seeds() -> Vec<Vec<u8>> {
    let header = Header {
        region_size: REGION,
        active: true,
        stage: Stage::Committed,
        registered: Registration::Yes,
        applied_at_ms: 1,
        frozen: false,
        frozen_at_ms: 0,
    };
    let mut lower = Record::encode(&header, &patch(PRIVATE, Vec::new())).expect("a small body");
    lower.resize(REGION as usize, 0);
    let upper = patch(ABOVE, vec![Va(PRIVATE)]);
    let mut both = lower.clone();
    both.extend(Record::encode(&header, &upper).expect("a small body"));
    both.resize(2 * REGION as usize, 0);
    let process = Process::new(fixtures::PAIRS[2].0.image.to_vec(), both.clone());
    let survey = Survey::of(&process).expect("regions that can be listed");
    let found: Vec<u64> = survey.patches.iter().map(|p| p.record.at.0).collect();
    assert_eq!(found, [PRIVATE, ABOVE], "records that can be read");
    // The first byte leaves them as they are.
    vec![[vec![1], lower].concat(), [vec![1], both].concat()]
}

/// The headers of a module in memory, and its exports.
pub fn loaded(data: &[u8]) {
    let process = Process::new(data.to_vec(), Vec::new());
    let module = process.module();
    let _ = identity(&process, &module);
    let _ = export(&process, &module, "RtlAddFunctionTable");
    let _ = unwind_table(&process, &module);
}

/// The file as the loader lays it out.
fn in_memory(file: &[u8]) -> Vec<u8> {
    let image = hotpatch::image::Image::parse(file).expect("a good image");
    let mut memory = vec![0; image.size_of_image as usize];
    memory[..0x400].copy_from_slice(&file[..0x400]);
    for section in &image.sections {
        let bytes = image.rest_of_section(section.rva).unwrap_or_default();
        memory[section.rva.0 as usize..][..bytes.len()].copy_from_slice(bytes);
    }
    memory
}

pub fn module_seeds() -> Vec<Vec<u8>> {
    let builds = fixtures::builds().step_by(2);
    builds.map(|b| in_memory(b.image)).collect()
}

/// A stack, and the code that its return addresses lie in.
struct Stack<'a> {
    bytes: &'a [u8],
    code: CodeMap<'a, Process>,
}

const STACK: u64 = 0x10_0000;

impl Memory for Stack<'_> {
    fn read(&self, at: u64, buffer: &mut [u8]) -> Option<()> {
        let offset = at.checked_sub(STACK).and_then(|o| usize::try_from(o).ok());
        let end = |o: usize| o.checked_add(buffer.len());
        match offset.and_then(|o| self.bytes.get(o..end(o)?)) {
            Some(bytes) => buffer.copy_from_slice(bytes),
            None => return self.code.read(at, buffer),
        }
        Some(())
    }

    fn entry(&self, address: u64) -> Lookup {
        self.code.entry(address)
    }
}

/// Where the edits of the module are counted from: `.pdata` and `.xdata` follow the code.
const EDITED: usize = 0x1000;

/// The unwinder: 16 registers of two bytes, edits of the module (each a 16-bit offset and
/// eight bytes; how many, a byte says), then the stack.
pub fn unwind(data: &[u8]) {
    let Some((registers, rest)) = data.split_first_chunk::<32>() else {
        return;
    };
    let Some((edits, mut rest)) = rest.split_first() else {
        return;
    };
    let mut module = MODULE_IN_MEMORY.with(Clone::clone);
    for _ in 0..*edits {
        let Some(([low, high, bytes @ ..], after)) = rest.split_first_chunk::<10>() else {
            return;
        };
        rest = after;
        let at = EDITED + usize::from(u16::from_le_bytes([*low, *high]));
        if let Some(place) = module.get_mut(at..at + 8) {
            place.copy_from_slice(bytes);
        }
    }
    let process = Process::new(module, Vec::new());
    let Ok(code) = CodeMap::of(&process, &[]) else {
        return;
    };
    // Values below 0x8000 are offsets into the stack, others into the module.
    let value = |i: usize| {
        let word = u64::from(u16::from_le_bytes([registers[2 * i], registers[2 * i + 1]]));
        match word {
            0..0x8000 => STACK + word,
            _ => MODULE + word - 0x8000,
        }
    };
    let registers = Registers {
        rip: value(0) | MODULE,
        rsp: STACK + (value(1) & 0x3ff8),
        integer: std::array::from_fn(|i| value(i.min(13) + 2)),
    };
    let end = STACK + rest.len() as u64;
    let stack = Stack { bytes: rest, code };
    if let Ok(walked) = walk(&stack, &registers, end) {
        assert!(walked.callers.len() <= rest.len() / 8 && walked.end <= end);
    }
}

thread_local! {
    static MODULE_IN_MEMORY: Vec<u8> = in_memory(fixtures::PAIRS[2].0.image);
}

pub fn unwind_seeds() -> Vec<Vec<u8>> {
    let module = in_memory(fixtures::PAIRS[2].0.image);
    let image = hotpatch::image::Image::parse(fixtures::PAIRS[2].0.image).expect("good");
    let mut seeds = Vec::new();
    for function in image.runtime_functions.iter().take(40) {
        for offset in [0, 4, 12] {
            let mut seed = vec![0u8; 33];
            let rip = 0x8000 + (function.begin.0 + offset) as u16;
            seed[..2].copy_from_slice(&rip.to_le_bytes());
            // One edit, which changes nothing: the unwind information itself.
            seed[32] = 1;
            let at = function.info.0 as usize;
            seed.extend(((at - EDITED) as u16).to_le_bytes());
            seed.extend(&module[at..at + 8]);
            for word in 0..32u64 {
                let address = MODULE + u64::from(function.begin.0) + 5 * (word % 8);
                seed.extend(if word == 31 { 0 } else { address }.to_le_bytes());
            }
            seeds.push(seed);
        }
    }
    seeds
}
