//! Fuzzes the parsers of `hotpatch`: `tests/fuzz/run.sh` builds this program with coverage
//! counters and runs it once for each target.
//!
//! In the environment:
//!
//! * `HOTPATCH_FUZZ_TARGET`: which target (see [`targets::ALL`])
//! * `HOTPATCH_FUZZ_SEEDS`: write the target's seeds to this folder and end
#![no_main]

mod edits;
mod fixtures;
mod guard;
mod msf;
mod process;
mod targets;
mod tiny;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use targets::Target;

static TARGET: OnceLock<&Target> = OnceLock::new();

fn begin() {
    guard::report_uncaught_panics_only();
    let name = std::env::var("HOTPATCH_FUZZ_TARGET").unwrap_or_default();
    let Some(target) = targets::ALL.iter().find(|t| t.name == name) else {
        let names: Vec<&str> = targets::ALL.iter().map(|t| t.name).collect();
        println!("HOTPATCH_FUZZ_TARGET can be {}", names.join(" "));
        std::process::exit(2);
    };
    if let Some(folder) = std::env::var_os("HOTPATCH_FUZZ_SEEDS") {
        let folder = std::path::Path::new(&folder);
        for (index, seed) in (target.seeds)().iter().enumerate() {
            let path = folder.join(format!("seed-{index:03}"));
            std::fs::write(path, seed).expect("the folder of the seeds");
        }
        std::process::exit(0);
    }
    TARGET.get_or_init(|| target);
}

fuzz_target!(init: begin(), |data: &[u8]| {
    let target = TARGET.get().expect("chosen by begin");
    guard::run(data.len(), || (target.run)(data));
});
