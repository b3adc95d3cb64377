//! How the program of a seed is built.

use super::generate::Dialect;
use super::model::Handlers;
use super::rng::Rng;
use super::toolchain::{Abi, LinkOptions};

/// The options of one program.
#[derive(Clone, Debug)]
pub struct Config {
    pub abi: Abi,
    pub dialect: Dialect,
    /// Options of the compiler.
    pub options: Vec<String>,
    /// Room for a jump before each function.
    pub padded: bool,
    pub folded: bool,
    /// Imports are loaded when they are first called.
    pub delayed: bool,
    /// Indirect calls are checked.
    pub guarded: bool,
}

impl Config {
    /// Consecutive seeds go through all targets, optimisation levels and languages.
    pub fn new(seed: u64, rng: &mut Rng) -> Self {
        let abi = if seed.is_multiple_of(2) {
            Abi::Gnu
        } else {
            Abi::Msvc
        };
        let level = ["-O0", "-O1", "-O2", "-Os"][(seed / 2 % 4) as usize];
        let cpp = seed / 8 % 2 == 1;
        let handlers = match (cpp, abi) {
            (true, _) if rng.percent(50) => Handlers::Cpp,
            (false, Abi::Msvc) if rng.percent(40) => Handlers::Structured,
            _ => Handlers::None,
        };
        let mut options: Vec<&str> = vec![level, "-g", "-gcodeview", "-gno-codeview-command-line"];
        if rng.percent(20) {
            options.push("-fno-jump-tables");
        }
        let padded = abi == Abi::Msvc && rng.percent(30);
        if padded {
            options.push("-fms-hotpatch");
        }
        if rng.percent(15) {
            options.push("-fno-omit-frame-pointer");
        }
        if rng.percent(15) {
            options.push("-mavx2");
        }
        if cpp {
            options.push("-std=c++17");
            match handlers {
                Handlers::Cpp => options.extend(["-fexceptions", "-fcxx-exceptions"]),
                _ => options.push("-fno-exceptions"),
            }
            if rng.percent(30) {
                options.push("-fno-rtti");
            }
        } else if handlers == Handlers::Structured {
            options.push("-fms-extensions");
        }
        // Of numbers of their own: the programs of the seeds stay what they are.
        let mut rest = Rng::new(seed ^ 0x6c69_6e6b);
        let delayed = rest.percent(25);
        let guarded = abi == Abi::Msvc && rest.percent(40);
        if guarded {
            options.extend(["-Xclang", "-cfguard"]);
        }
        Config {
            abi,
            dialect: Dialect { cpp, handlers },
            options: options.into_iter().map(str::to_owned).collect(),
            padded,
            folded: rng.percent(10),
            delayed,
            guarded,
        }
    }

    /// The plain link.
    pub fn link(&self) -> LinkOptions {
        LinkOptions {
            function_padding: self.padded.then_some(6),
            fold: self.folded,
            delayed: self.delayed,
            guarded: self.guarded,
            ..LinkOptions::default()
        }
    }

    /// A link of the same objects that puts everything elsewhere, some of these functions
    /// in another order.
    pub fn moved(&self, rng: &mut Rng, functions: &[String]) -> LinkOptions {
        let mut rest = Rng::new(rng.clone().next());
        let order = match rest.percent(50) {
            true => rest.order(functions.len()),
            false => Vec::new(),
        };
        LinkOptions {
            section_alignment: rest.percent(25).then_some(0x2000),
            order: order.iter().map(|i| functions[*i].clone()).collect(),
            reversed: true,
            base: Some(0x1_4000_0000 + (1 + rng.next() % 0xfff) * 0x10_0000),
            file_alignment: Some(*rng.pick(&[0x200, 0x1000])),
            function_padding: rng.percent(60).then(|| *rng.pick(&[6, 16, 48])),
            fold: self.folded,
            delayed: self.delayed,
            guarded: self.guarded,
        }
    }
}
