//! Memory that was kept when its patch was taken out.

use super::{Approved, Proof, payload};
use crate::addr::Va;
use crate::apply::outcome::ApplyError;
use crate::apply::survey::{Installed, State, Survey};
use crate::apply::target::Target;
use crate::finding::Finding;
use crate::finding::rules::target as rules;

/// Memory that waits until nothing points into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptMemory {
    /// Id of the patch that it says it is of.
    pub id: String,
    /// SHA-256 of the package that it says it is of, as hex.
    pub package_sha256: String,
    /// Where it is.
    pub at: Va,
    /// Its size in bytes.
    pub size: u64,
    /// Bytes of code and constants that were compared with that package, all of them right;
    /// `None` where it is not proven.
    pub proven: Option<u64>,
}

/// Compares memory with the package that it says it is of, if that was given.
pub(super) fn compare<T: Target>(
    target: &T,
    survey: &Survey,
    installed: &Installed,
    approved: Approved<'_>,
    proof: &mut Proof,
) -> Result<(), ApplyError> {
    let record = &installed.record;
    let (at, size, body) = (record.at, record.header.region_size, &record.body);
    let mut packages = approved.all();
    let package = packages.find(|p| p.sha256_hex() == body.package_sha256);
    let before = proof.findings.len();
    let proven = match package {
        Some(package) => payload::compare(target, survey, installed, package, proof)?.proven,
        None => {
            let detail = format!(
                "{size:#x} bytes at {at}, of a package with SHA-256 {} if the record is right.",
                body.package_sha256
            );
            let finding = Finding::about(&rules::KEPT_UNPROVEN, &body.id, detail);
            proof.findings.push(finding);
            None
        }
    };
    let is_right = proof.findings.len() == before;
    proof.kept.push(KeptMemory {
        id: body.id.clone(),
        package_sha256: body.package_sha256.clone(),
        at,
        size,
        proven: proven.filter(|_| is_right).map(|p| p.bytes),
    });
    Ok(())
}

/// Notes the modules of which nothing was compared, so that nothing says whether they lead to
/// memory that was kept.
pub(super) fn modules(survey: &Survey, proof: &mut Proof) {
    let kept = survey.patches.iter().filter(|p| p.state == State::Kept);
    for installed in kept {
        let module = &installed.record.body.module;
        let is_compared = proof.modules.iter().any(|m| m.base == module.base);
        let is_said =
            |f: &Finding| f.rule == &rules::NO_BASELINE && f.subject.as_ref() == Some(&module.name);
        if is_compared || proof.findings.iter().any(is_said) {
            continue;
        }
        let detail = format!(
            "Memory of {} at {} waits, and whether {} leads there is not known without its file.",
            installed.record.body.id, installed.record.at, module.name
        );
        let finding = Finding::about(&rules::NO_BASELINE, &module.name, detail);
        proof.findings.push(finding);
    }
}
