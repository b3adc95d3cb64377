//! Patches that were withdrawn and are to be taken out of processes that have them.

use super::candidate::Candidate;
use super::facts::{Effect, PatchFacts, ProcessFacts};
use super::settings::Settings;
use super::state::State;
use super::verdict::{OnDisk, PackageVerdict, Removal};
use crate::ops::withdrawal::Withdrawn;

/// What is to be taken out of a process; says so in the verdicts about those packages, which are
/// added where the store doesn't have them any more. One that another package is about to
/// replace goes by that.
pub(super) fn removals(
    process: &ProcessFacts,
    stock: &[Candidate],
    settings: &Settings<'_>,
    packages: &mut Vec<PackageVerdict>,
) -> Vec<Removal> {
    let mut removals = Vec::new();
    for patch in process
        .patches
        .iter()
        .filter(|p| p.effect == Effect::Active)
    {
        let Some(withdrawn) = to_revert(patch, stock, settings) else {
            continue;
        };
        let is_replaced = |p: &PackageVerdict| {
            let of = stock.iter().find(|c| p.apply && c.sha256 == p.sha256);
            of.is_some_and(|c| c.is_of(&patch.module, patch.product.as_deref()))
        };
        if packages.iter().any(is_replaced) {
            continue;
        }
        let verdict = match packages.iter_mut().find(|p| p.sha256 == patch.sha256) {
            Some(verdict) => verdict,
            None => {
                packages.push(unknown(patch));
                let last = packages.len() - 1;
                &mut packages[last]
            }
        };
        let (id, reason) = (&patch.id, &withdrawn.reason);
        verdict.state = State::Held;
        verdict.withdrawn = Some(reason.clone());
        verdict.restart_by = None;
        if let Some(left_alone) = settings.leaves_alone(process.program()) {
            verdict.why = format!("{id} was withdrawn ({reason}), but {}", left_alone.why);
            verdict.remedy = left_alone.remedy;
            verdict.as_desired = true;
            continue;
        }
        verdict.why = format!("would take out {id}, which was withdrawn: {reason}");
        verdict.remedy = "`hotpatch sync` takes it out".to_owned();
        verdict.as_desired = false;
        removals.push(Removal {
            id: id.clone(),
            sha256: patch.sha256.clone(),
            back: goes_back(patch, process, (stock, settings)),
        });
    }
    removals
}

/// What a list says of a patch that is to be taken out.
fn to_revert<'a>(
    patch: &PatchFacts,
    stock: &[Candidate],
    settings: &Settings<'a>,
) -> Option<&'a Withdrawn> {
    // Records of earlier versions don't say what the package held; the store may have it.
    let package = stock.iter().find(|c| c.sha256 == patch.sha256);
    let content = patch.content_sha256.as_ref();
    let content = content.or(package.map(|c| &c.content_sha256))?;
    let product = patch.product.as_ref().or(package.map(|c| &c.product))?;
    let withdrawn = settings.withdrawn(content, product, &patch.module)?;
    withdrawn.revert.then_some(withdrawn)
}

/// Whether those that it replaced are good, and run again when it is taken out.
fn goes_back(
    patch: &PatchFacts,
    process: &ProcessFacts,
    (stock, settings): (&[Candidate], &Settings<'_>),
) -> bool {
    let is_good = |sha256: &String| {
        let found = process.patches.iter().find(|p| p.sha256 == *sha256);
        found.is_some_and(|p| to_revert(p, stock, settings).is_none())
    };
    !patch.over.is_empty() && patch.over.iter().all(is_good)
}

/// A patch whose package the store doesn't have.
fn unknown(patch: &PatchFacts) -> PackageVerdict {
    PackageVerdict {
        sha256: patch.sha256.clone(),
        id: patch.id.clone(),
        module: patch.module.clone(),
        state: State::Held,
        why: String::new(),
        remedy: String::new(),
        as_desired: false,
        withdrawn: None,
        apply: false,
        on_disk: OnDisk::Unknown,
        applied: Some(patch.applied),
        restart_by: None,
        deferred_until: None,
        unpatched_ms: None,
    }
}
