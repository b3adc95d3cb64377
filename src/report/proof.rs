//! The report of `hotpatch verify --pid`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;
use super::target::push_finding;
use crate::addr::Va;
use crate::apply::proof::Proof;
use crate::apply::survey::State;
use crate::finding::FindingReport;

/// What was proven about the code of a running process.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProofReport {
    /// `hotpatch.proof/1`
    pub schema: &'static str,
    /// `proven`, or `differs`.
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
    /// `active`, or `replaced` where it waits beneath the one that replaced it; `kept` where
    /// it was taken out and its memory had to stay; `pending` or `torn` where it is none of
    /// these.
    pub state: &'static str,
    /// SHA-256 of its package as hex.
    pub package_sha256: String,
    /// Bytes of code and constants that were compared.
    pub payload_bytes: u64,
    /// Redirects that were compared.
    pub redirects: usize,
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
        let holds = proof.findings.is_empty();
        ProofReport {
            schema: "hotpatch.proof/1",
            outcome: if holds { "proven" } else { "differs" },
            exit_code: proof.exit().code(),
            pid: proof.process.pid,
            image: proof.process.image.clone(),
            modules: modules.collect(),
            patches: patches.collect(),
            findings: proof.findings.iter().map(FindingReport::from).collect(),
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = match self.findings.is_empty() {
            true => format!(
                "process {} ({}): its code is that of the file and the packages\n",
                self.pid,
                line(&self.image)
            ),
            false => format!(
                "process {} ({}): {} differences\n",
                self.pid,
                line(&self.image),
                self.findings.len()
            ),
        };
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
        for finding in &self.findings {
            push_finding(&mut text, finding);
        }
        text
    }
}
