//! The report of `hotpatch verify --pid`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;
use super::target::push_finding;
use crate::addr::Va;
use crate::apply::proof::Proof;
use crate::apply::survey::State;
use crate::exit::Exit;
use crate::finding::FindingReport;

/// What was proven about the code of a running process.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProofReport {
    /// `hotpatch.proof/1`
    pub schema: &'static str,
    /// `proven`; `kept-unproven`, where only memory of patches that were taken out is not
    /// proven; or `differs`.
    pub outcome: &'static str,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// The process.
    pub pid: u32,
    /// Path of its program.
    pub image: String,
    /// The modules whose code was compared with the files of their builds.
    pub modules: Vec<ModuleProof>,
    /// The patches that were compared with their packages.
    pub patches: Vec<PatchProof>,
    /// Memory of patches that were taken out, which waits until nothing points into it. No
    /// function of the modules leads there.
    pub kept: Vec<KeptProof>,
    /// Everything that is not as it should be: the function, what was expected, what was
    /// found. Empty where the proof holds.
    pub findings: Vec<FindingReport>,
}

/// A module whose code was compared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ModuleProof {
    /// Its file name.
    pub name: String,
    /// Where it is, as hex.
    pub base: Va,
    /// The file that it was compared with.
    pub baseline: String,
    /// Bytes of code that were compared.
    pub code_bytes: u64,
}

/// A patch that was compared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PatchProof {
    /// Its id.
    pub id: String,
    /// `active`, or `replaced` where it waits beneath the one that replaced it; `pending`,
    /// `detached` or `torn` where it is neither.
    pub state: &'static str,
    /// SHA-256 of its package as hex.
    pub package_sha256: String,
    /// Bytes of code and constants that were compared.
    pub payload_bytes: u64,
    /// Redirects that were compared.
    pub redirects: usize,
}

/// Memory of a patch that was taken out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeptProof {
    /// Id of the patch that it says it is of.
    pub id: String,
    /// SHA-256 of the package that it says it is of, as hex.
    pub package_sha256: String,
    /// Where it is.
    pub region: Va,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether it was compared with that package, and is what that gives.
    pub proven: bool,
    /// Bytes of code and constants that were compared.
    pub payload_bytes: u64,
}

/// The word for a patch's state in reports.
pub fn state_word(state: State) -> &'static str {
    match state {
        State::Active => "active",
        State::Replaced => "replaced",
        State::Pending => "pending",
        State::Kept => "kept",
        State::Detached => "detached",
        State::Torn => "torn",
    }
}

impl ProofReport {
    /// The report of a proof.
    pub fn new(proof: &Proof) -> Self {
        let modules = proof.modules.iter().map(|m| ModuleProof {
            name: m.name.clone(),
            base: m.base,
            baseline: m.baseline.clone(),
            code_bytes: m.bytes,
        });
        let patches = proof.patches.iter().map(|p| PatchProof {
            id: p.id.clone(),
            state: state_word(p.state),
            package_sha256: p.package_sha256.clone(),
            payload_bytes: p.bytes,
            redirects: p.redirects,
        });
        let kept = proof.kept.iter().map(|k| KeptProof {
            id: k.id.clone(),
            package_sha256: k.package_sha256.clone(),
            region: k.at,
            bytes: k.size,
            proven: k.proven.is_some(),
            payload_bytes: k.proven.unwrap_or_default(),
        });
        let exit = proof.exit();
        ProofReport {
            schema: "hotpatch.proof/1",
            outcome: match exit {
                Exit::Done => "proven",
                Exit::NotAsDesired => "kept-unproven",
                _ => "differs",
            },
            exit_code: exit.code(),
            pid: proof.process.pid,
            image: proof.process.image.clone(),
            modules: modules.collect(),
            patches: patches.collect(),
            kept: kept.collect(),
            findings: proof.findings.iter().map(FindingReport::from).collect(),
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let said = match self.outcome {
            "proven" => "its code is that of the file and the packages".to_owned(),
            "kept-unproven" => "its code is that of the file and the packages; memory that waits \
                                is not proven"
                .to_owned(),
            _ => format!("{} differences", self.findings.len()),
        };
        let mut text = format!("process {} ({}): {said}\n", self.pid, line(&self.image));
        for module in &self.modules {
            let _ = writeln!(
                text,
                "  {} at {}: {} bytes of code compared with {}",
                line(&module.name),
                module.base,
                module.code_bytes,
                line(&module.baseline)
            );
        }
        for patch in &self.patches {
            let _ = writeln!(
                text,
                "  patch {} ({}): {} bytes of code and constants, {} redirects compared",
                line(&patch.id),
                patch.state,
                patch.payload_bytes,
                patch.redirects
            );
        }
        for kept in &self.kept {
            let (id, bytes, region) = (line(&kept.id), kept.bytes, kept.region);
            let proven = match kept.proven {
                true => format!(
                    "{} bytes of code and constants compared",
                    kept.payload_bytes
                ),
                false => "not proven".to_owned(),
            };
            let _ = writeln!(
                text,
                "  {id}, taken out: {bytes} bytes at {region} wait, {proven}"
            );
        }
        for finding in &self.findings {
            push_finding(&mut text, finding);
        }
        text
    }
}
