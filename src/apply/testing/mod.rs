//! A process that exists only in memory, for the unit tests of this module.
//!
//! It is stricter than any system: it refuses writes to read-only pages, panics on memory
//! that is writable and executable, on a call into a frozen process, and on freed memory
//! that is still registered or redirected to; and after every single operation that finds
//! it running it checks that all functions run old code, or all run new code.

mod image;
pub(super) mod package;
mod target;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use super::target::{
    Identity, Mitigations, Module, Protection, Registers, TargetError, Thread, Usage,
};
use crate::addr::Va;

pub(super) use image::{
    ADD_TABLE, DELETE_TABLE, GET_ADDRESS, LOAD_DLL, MODULE, NOTHING, NTDLL, SERVER_RVAS, server,
};

const PAGE: u64 = 0x1000;
const TOP: u64 = 1 << 47;

/// Which version every function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Old,
    New,
    /// That of the package which replaces the first one.
    Newer,
}

struct Allocation {
    bytes: Vec<u8>,
    protection: Vec<Protection>,
    usage: Usage,
}

type OnCensus = Box<dyn FnMut(&Fake, u32)>;

/// How the loader of the process behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// It finds everything.
    Works,
    /// It finds no module.
    FindsNothing,
    /// It never comes back.
    Hangs,
}

pub struct Fake {
    /// What calls of the loader end with.
    pub loader: Cell<Loader>,
    identity: Identity,
    memory: RefCell<BTreeMap<u64, Allocation>>,
    pub threads: RefCell<Vec<Thread>>,
    pub modules: RefCell<Vec<Module>>,
    pub mitigations: Cell<Mitigations>,
    pub x64: Cell<bool>,
    pub frozen: Cell<u32>,
    /// How often it is held.
    pub held: Cell<u32>,
    pub armed: Cell<Option<Va>>,
    pub tables: RefCell<Vec<u64>>,
    /// Operations that still succeed; `None` for any number.
    pub fuel: Cell<Option<usize>>,
    /// Operations until the one that fails, alone; `None` for no such one.
    pub hiccup: Cell<Option<usize>>,
    /// Set where nothing can be written.
    pub read_only: Cell<bool>,
    /// How often the process refuses to be thawed.
    pub stays_frozen: Cell<u32>,
    /// A word on the stack of the thread that ended last.
    pub zombie: Cell<Option<Va>>,
    /// What hooks of patches return.
    pub hook: Cell<Option<u64>>,
    /// Where a hook leaves its own address.
    pub hook_leaves: Cell<Option<Va>>,
    /// What [`Target::anywhere`] says.
    pub anywhere: Cell<u64>,
    /// How long calls into it take.
    pub call_takes: Cell<Duration>,
    /// Set where functions may run different versions.
    pub unchecked: Cell<bool>,
    /// Bytes of the longest read so far.
    pub longest_read: Cell<usize>,
    /// Operations so far.
    pub operations: Cell<usize>,
    /// Called when a census is taken, with the number of the census from 1.
    pub on_census: RefCell<Option<OnCensus>>,
    censuses: Cell<u32>,
}

impl Fake {
    /// A process with one module, `server.exe`, and `ntdll.dll`.
    pub fn new() -> Self {
        let fake = Fake {
            loader: Cell::new(Loader::Works),
            identity: Identity {
                pid: 42,
                created: 1,
                image: String::from(r"C:\app\server.exe"),
            },
            memory: RefCell::default(),
            threads: RefCell::default(),
            modules: RefCell::default(),
            mitigations: Cell::default(),
            x64: Cell::new(true),
            frozen: Cell::new(0),
            held: Cell::new(0),
            armed: Cell::new(None),
            tables: RefCell::default(),
            fuel: Cell::new(None),
            hiccup: Cell::new(None),
            read_only: Cell::new(false),
            stays_frozen: Cell::new(0),
            zombie: Cell::new(None),
            hook: Cell::new(None),
            hook_leaves: Cell::new(None),
            anywhere: Cell::new(0),
            call_takes: Cell::default(),
            unchecked: Cell::new(false),
            longest_read: Cell::new(0),
            operations: Cell::new(0),
            on_census: RefCell::new(None),
            censuses: Cell::new(0),
        };
        fake.load("server.exe", MODULE, &image::server());
        fake.load("ntdll.dll", NTDLL, &image::ntdll());
        fake.thread(7, MODULE.0 + 0x3000, &[]);
        fake
    }

    fn load(&self, name: &str, base: Va, bytes: &[u8]) {
        let pages = bytes.len() / PAGE as usize;
        let mut protection = vec![Protection::EXECUTE_READ; pages];
        protection[0] = Protection::READ;
        self.memory.borrow_mut().insert(
            base.0,
            Allocation {
                bytes: bytes.to_vec(),
                protection,
                usage: Usage::Mapped,
            },
        );
        self.modules.borrow_mut().push(Module {
            name: name.to_owned(),
            path: format!("/nowhere/{name}"),
            base,
            size: bytes.len() as u32,
        });
    }

    /// Adds a thread with its own stack.
    pub fn thread(&self, id: u32, rip: u64, stack: &[u64]) {
        let base = 0x10_0000 * u64::from(id);
        let mut bytes = vec![0; PAGE as usize];
        let words: Vec<u8> = stack.iter().flat_map(|w| w.to_le_bytes()).collect();
        let at = bytes.len() - words.len();
        bytes[at..].copy_from_slice(&words);
        self.memory.borrow_mut().insert(
            base,
            Allocation {
                bytes,
                protection: vec![Protection::READ_WRITE],
                usage: Usage::Private,
            },
        );
        let thread = Thread {
            id,
            registers: Registers {
                rip,
                rsp: base + at as u64,
                integer: [0; 15],
            },
            stack_limit: Va(base),
            stack_base: Va(base + PAGE),
            block: Va(base),
            fiber: false,
        };
        let mut threads = self.threads.borrow_mut();
        threads.retain(|t| t.id != id);
        threads.push(thread);
    }

    /// Unloads `server.exe`; the functions are not there to be looked at any more.
    pub fn unload(&self) {
        self.unchecked.set(true);
        self.memory.borrow_mut().remove(&MODULE.0);
        self.modules.borrow_mut().remove(0);
    }

    /// Loads `server.exe` at another address, or where it was.
    pub fn load_at(&self, base: Va) {
        self.load("server.exe", base, &image::server());
    }

    /// Changes the protection of a page as the program itself would.
    pub fn set_protection(&self, at: Va, to: Protection) {
        self.with(at, 1, |a, i| a.protection[i / PAGE as usize] = to)
            .unwrap();
    }

    /// Changes memory as other software would.
    pub fn poke(&self, at: Va, bytes: &[u8]) {
        self.with(at, bytes.len(), |a, i| {
            a.bytes[i..i + bytes.len()].copy_from_slice(bytes);
        })
        .unwrap();
    }

    /// Memory that belongs to the process itself and not to an image or a stack.
    pub fn regions(&self) -> usize {
        let memory = self.memory.borrow();
        memory
            .iter()
            .filter(|(at, a)| a.usage == Usage::Private && **at > MODULE.0)
            .count()
    }

    /// Which version all functions run. Panics if they don't agree, or don't run at all.
    pub fn version(&self) -> Version {
        let versions = SERVER_RVAS.map(|rva| self.version_of(rva.at(MODULE)));
        assert!(versions.windows(2).all(|v| v[0] == v[1]), "{versions:?}");
        versions[0]
    }

    fn version_of(&self, entry: Va) -> Version {
        let code = self.peek(entry, 5);
        assert!(self.protection(entry).executable(), "{entry} can't run");
        if code[0] != 0xe9 {
            assert_eq!(code, image::OLD_CODE[..5], "{entry} is torn");
            return Version::Old;
        }
        let mut gate = self.jump_target(entry);
        loop {
            assert!(self.protection(gate).executable(), "gate {gate} can't run");
            // cmp byte ptr [rip + active], 0
            let test = self.peek(gate, 7);
            assert_eq!(test[..2], [0x80, 0x3d], "{entry} leads to no gate");
            let distance = i32::from_le_bytes([test[2], test[3], test[4], test[5]]);
            let active = Va((gate.0 + 7).wrapping_add_signed(i64::from(distance)));
            let old = Va(gate.0 + 14);
            if self.peek(active, 1)[0] != 0 {
                let new = self.jump_target(Va(gate.0 + 9));
                assert!(self.protection(new).executable(), "{new} can't run");
                return match self.peek(new, 2)[..] {
                    [0xb8, 2] => Version::New,
                    [0xb8, 3] => Version::Newer,
                    ref other => panic!("{entry} leads to {other:x?}"),
                };
            }
            if self.peek(old, 1)[0] != 0xe9 {
                return Version::Old;
            }
            gate = self.jump_target(old);
        }
    }

    /// Where the `jmp rel32` at `at` leads.
    fn jump_target(&self, at: Va) -> Va {
        let code = self.peek(at, 5);
        assert_eq!(code[0], 0xe9, "no jump at {at}");
        let distance = i32::from_le_bytes([code[1], code[2], code[3], code[4]]);
        Va((at.0 + 5).wrapping_add_signed(i64::from(distance)))
    }

    fn peek(&self, at: Va, size: usize) -> Vec<u8> {
        self.with(at, size, |a, i| a.bytes[i..i + size].to_vec())
            .unwrap_or_else(|| panic!("nothing at {at}"))
    }

    pub fn protection(&self, at: Va) -> Protection {
        self.with(at, 1, |a, i| a.protection[i / PAGE as usize])
            .unwrap_or(Protection::NONE)
    }

    fn with<R>(
        &self,
        at: Va,
        size: usize,
        f: impl FnOnce(&mut Allocation, usize) -> R,
    ) -> Option<R> {
        let mut memory = self.memory.borrow_mut();
        let (base, allocation) = memory.range_mut(..=at.0).next_back()?;
        let offset = (at.0 - base) as usize;
        (offset + size <= allocation.bytes.len()).then(|| f(allocation, offset))
    }

    /// Counts an operation; fails it where this process is out of fuel.
    fn step(&self) -> Result<(), TargetError> {
        if self.frozen.get() == 0 && !self.unchecked.get() {
            self.version();
        }
        self.operations.set(self.operations.get() + 1);
        match self.hiccup.get() {
            Some(0) => {
                self.hiccup.set(None);
                return Err(failed("do this once"));
            }
            left => self.hiccup.set(left.map(|n| n - 1)),
        }
        match self.fuel.get() {
            Some(0) => Err(failed("go on")),
            Some(n) => {
                self.fuel.set(Some(n - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn failed(action: &'static str) -> TargetError {
    TargetError::System {
        action,
        source: std::io::Error::other("refused by the test"),
    }
}
