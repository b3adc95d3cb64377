//! Two builds, compared and packaged by the real program.

mod account;
mod build;
mod coverage;
mod damage;
mod diff;
mod hazards;
mod hostile;
mod noise;
mod published;
mod refusals;
mod reports;
#[path = "../support/mod.rs"]
mod support;
mod toolchain;

use std::path::{Path, PathBuf};

use support::{Folder, Run};

/// A file under `fixtures/`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(path)
}

/// The server of a variant.
pub fn server(variant: &str) -> PathBuf {
    fixture(&format!("server/{variant}/server.exe"))
}

/// Runs `hotpatch diff` over two files.
pub fn diff(old: &Path, new: &Path, options: &[&str]) -> Run {
    let folder = Folder::new();
    Run::of(folder.program().arg("diff").arg(old).arg(new).args(options))
}
