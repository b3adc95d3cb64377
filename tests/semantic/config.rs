//! How the program of a seed is built.

use crate::rng::Rng;
use crate::template::Template;

/// Which ABI and which linker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abi {
    Gnu,
    Msvc,
}

impl Abi {
    /// As cases name it.
    pub fn name(self) -> &'static str {
        match self {
            Abi::Gnu => "gnu",
            Abi::Msvc => "msvc",
        }
    }
}

/// Options of the compiler and the linker.
#[derive(Clone, Debug)]
pub struct Config {
    pub abi: Abi,
    pub options: Vec<String>,
    /// In the words of `lld-link`, without the slash: both linkers know them.
    pub link: Vec<String>,
    /// The program uses native thread-local storage.
    pub thread_locals: bool,
    /// The program may throw: C++ has exceptions and type information, and is linked with what
    /// they need at run time.
    pub exceptions: bool,
}

/// Handlers of the Msvc ABI also run for what the machine itself throws.
const ASYNCHRONOUS: &str = "-fasync-exceptions";

impl Config {
    /// Consecutive seeds go through both ABIs and all levels.
    pub fn new(seed: u64, rng: &mut Rng) -> Self {
        let abi = match seed.is_multiple_of(2) {
            true => Abi::Gnu,
            false => Abi::Msvc,
        };
        let level = ["-O0", "-O1", "-O2", "-Os"][(seed / 2 % 4) as usize];
        let mut options = vec![level, "-fwrapv"];
        let mut link = Vec::new();
        if rng.percent(60) {
            options.extend(["-ffunction-sections", "-fdata-sections"]);
        }
        let rare = [
            ("-fno-jump-tables", 10),
            ("-fno-omit-frame-pointer", 10),
            ("-fno-inline", 15),
            ("-mavx2", 5),
            ("-mcmodel=large", 3),
            ("-fno-unroll-loops", 10),
        ];
        let taken = rare.iter().filter(|(_, share)| rng.percent(*share));
        options.extend(taken.map(|(option, _)| option));
        if abi == Abi::Msvc && rng.percent(15) {
            options.push("-fms-hotpatch");
            link.push("functionpadmin:6");
        }
        link.push(if rng.percent(15) {
            "opt:icf"
        } else {
            "opt:noicf"
        });
        // Not `/merge:.tls=.rdata`: LLVM's linker then counts from the start of `.rdata`, and
        // the program reads beside its thread-locals.
        let rare = [("filealign:4096", 15), ("align:8192", 8)];
        let taken = rare.iter().filter(|(_, share)| rng.percent(*share));
        link.extend(taken.map(|(option, _)| option));
        let thread_locals = rng.percent(40);
        let exceptions = rng.percent(40);
        if abi == Abi::Msvc && exceptions && rng.percent(15) {
            options.push(ASYNCHRONOUS);
        }
        Config {
            abi,
            options: options.into_iter().map(str::to_owned).collect(),
            link: link.into_iter().map(str::to_owned).collect(),
            thread_locals,
            exceptions,
        }
    }

    /// The same for a program in which nothing throws.
    pub fn leave_out_exceptions(&mut self) {
        self.exceptions = false;
        self.options.retain(|o| o != ASYNCHRONOUS);
    }

    /// Whether programs of these options can have such a part.
    pub fn can_build(&self, template: &Template) -> bool {
        template.needs.iter().all(|need| match need.as_str() {
            "gnu" => self.abi == Abi::Gnu,
            "msvc" => self.abi == Abi::Msvc,
            "thread-locals" => self.thread_locals,
            "exceptions" => self.exceptions,
            "optimised" => !self.options.iter().any(|o| o == "-O0"),
            other => panic!("{}: what is {other}?", template.name),
        })
    }
}
