//! Operations of `hotpatch`, by the library and by the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hotpatch::apply::proof::Baseline;
use hotpatch::apply::{self, Options};
use hotpatch::package::{PublicKey, Verified, verify};
use hotpatch::process::Process;

use crate::catalogue::Catalogue;
use crate::ended::{Ended, hotpatch};
use crate::step::Operation;

static NEVER: AtomicBool = AtomicBool::new(false);

/// How long something is waited for that should come.
const LONG: Duration = Duration::from_secs(30);
/// How long something is waited for that should not.
const SHORT: Duration = Duration::from_millis(200);

type Package = Verified<hotpatch::package::Package>;

/// What build.sh made.
pub struct Means {
    folder: PathBuf,
    packages: BTreeMap<String, Package>,
    baselines: [Baseline; 2],
}

/// How long an operation is tried, by whether a thread is in its way.
fn timeout(is_busy: bool) -> Duration {
    if is_busy { SHORT } else { LONG }
}

impl Means {
    /// Reads the packages.
    pub fn read(folder: &Path, all: &Catalogue) -> Means {
        let text = std::fs::read_to_string(folder.join("key.pub.pem")).expect("a key");
        let trusted = [PublicKey::from_pem(&text).expect("a key")];
        let read = |id: &String| {
            let bytes = std::fs::read(folder.join(format!("{id}.hpk"))).expect("a package");
            let package = verify(&bytes, &trusted).expect("a signed package");
            (id.clone(), package)
        };
        let baseline = |name: &str| {
            let path = folder.join("0").join(name);
            Baseline {
                bytes: std::fs::read(&path).expect("an image"),
                path: path.to_str().expect("text").to_owned(),
            }
        };
        Means {
            folder: folder.to_owned(),
            packages: all.packages.iter().map(|p| read(&p.id)).collect(),
            baselines: [baseline("states.exe"), baseline("plug.dll")],
        }
    }

    /// Whether a package could be applied.
    pub fn check(&self, process: &Process, id: &str) -> Result<Ended, String> {
        let checked = apply::install::check(process, &self.packages[id]);
        checked.map(Ended::from).map_err(|e| format!("{e:?}"))
    }

    /// Does something through the library.
    pub fn by_library(&self, process: &Process, operation: &Operation, is_busy: bool) -> Ended {
        let options = Options {
            timeout: timeout(is_busy),
            max_freeze: None,
            on_stack: &[],
            interrupted: &NEVER,
            consent: None,
        };
        let done = match operation {
            Operation::Apply(id) => apply::apply(process, &self.packages[id], &options),
            Operation::Revert(id) => apply::revert(process, id.as_deref(), &options),
            Operation::Rollback(id) => apply::rollback(process, id.as_deref(), &options),
            Operation::Recover => apply::clear_up(process, &options),
        };
        Ended::from_library(done)
    }

    /// `hotpatch.exe`, told to do it.
    pub fn program(&self, pid: u32, operation: &Operation, is_busy: bool) -> Command {
        let word = match operation {
            Operation::Apply(_) => "apply",
            Operation::Revert(_) => "revert",
            Operation::Rollback(_) => "rollback",
            Operation::Recover => "recover",
        };
        let mut command = hotpatch(&[word, "--pid", &pid.to_string()]);
        let seconds = timeout(is_busy).as_secs().max(1).to_string();
        command.args(["--timeout", &seconds]);
        match operation {
            Operation::Apply(id) => {
                let package = self.folder.join(format!("{id}.hpk"));
                command.arg(package).arg("--key");
                command.arg(self.folder.join("key.pub.pem"));
            }
            Operation::Revert(Some(id)) | Operation::Rollback(Some(id)) => {
                command.args(["--id", id]);
            }
            Operation::Revert(None) | Operation::Rollback(None) | Operation::Recover => {}
        }
        command
            .env("HOTPATCH_TRUST", self.folder.join("no-trust-store"))
            .env("HOTPATCH_AUDIT", self.folder.join("audit.jsonl"));
        command
    }

    /// What differs from the shipped code with these packages.
    /// `kept` are those of which memory waits.
    pub fn differences(
        &self,
        process: &Process,
        (ids, kept): (&[&str], &[&str]),
        library: bool,
    ) -> Vec<String> {
        let of = |ids: &[&str]| -> Vec<Package> {
            ids.iter().map(|id| self.packages[*id].clone()).collect()
        };
        let (packages, kept) = (of(ids), of(kept));
        let baselines = &self.baselines[..if library { 2 } else { 1 }];
        let approved = apply::proof::Approved {
            packages: &packages,
            kept: &kept,
            baselines,
        };
        match apply::proof::prove(process, approved) {
            Ok(proof) => proof.findings.iter().map(|f| format!("{f:?}")).collect(),
            Err(error) => vec![format!("{error:?}")],
        }
    }
}
