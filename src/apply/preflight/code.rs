//! Is the code in memory the code that the package replaces?

use sha2::{Digest, Sha256};

use crate::addr::{Rva, Va};
use crate::apply::survey::{State, Survey};
use crate::apply::target::{Module, Target, TargetError};
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::package::Package;
use crate::package::manifest::{CodeRange, ReplacedFunction};

/// Compares every range of every function.
pub(super) fn compare<T: Target>(
    target: &T,
    module: &Module,
    package: &Package,
    survey: &Survey,
    findings: &mut Vec<Finding>,
) -> Result<(), TargetError> {
    for function in &package.manifest.functions {
        for (index, range) in function.ranges.iter().enumerate() {
            let at = range.rva.at(module.base);
            let mut bytes = target.read_vec(at, range.size as usize)?;
            let sites = [
                (index == 0).then_some((function.entry, function.entry_bytes.as_str())),
                function.relay.as_ref().map(|r| (r.rva, r.bytes.as_str())),
            ];
            for site in sites.into_iter().flatten() {
                changed_bytes(function, site, range, module, &mut bytes, survey, findings);
            }
            if digest(&mut bytes, range) != range.sha256 {
                findings.push(Finding::about(
                    &rules::CODE_CHANGED,
                    &function.name,
                    format!(
                        "The {:#x} bytes at {} ({}+{}) don't have the SHA-256 {}.",
                        range.size, at, module.name, range.rva, range.sha256
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Compares the bytes that the patch will change, and puts the expected ones in their place,
/// so that the rest of the range is judged on its own.
fn changed_bytes(
    function: &ReplacedFunction,
    (rva, expected): (Rva, &str),
    range: &CodeRange,
    module: &Module,
    bytes: &mut [u8],
    survey: &Survey,
    findings: &mut Vec<Finding>,
) {
    let offset = rva.0.wrapping_sub(range.rva.0) as usize;
    let Ok(expected) = hex::decode(expected) else {
        return;
    };
    let Some(found) = bytes.get_mut(offset..offset.saturating_add(expected.len())) else {
        return;
    };
    if found == expected {
        return;
    }
    let at = rva.at(module.base);
    match redirected_by(survey, at, found) {
        // A leftover is taken away before the package is applied.
        Some((_, State::Pending)) => {}
        Some((id, _)) => findings.push(Finding::about(
            &rules::PATCHED_ALREADY,
            &function.name,
            format!("The patch {id} redirects {at}."),
        )),
        None => findings.push(Finding::about(
            &rules::ENTRY_HOOKED,
            &function.name,
            format!(
                "At {at} ({}+{}): expected {}, found {}.",
                module.name,
                rva,
                hex::encode(&expected),
                hex::encode(&*found)
            ),
        )),
    }
    found.copy_from_slice(&expected);
}

/// The patch whose redirect these bytes are.
fn redirected_by<'a>(survey: &'a Survey, at: Va, found: &[u8]) -> Option<(&'a str, State)> {
    survey.patches.iter().find_map(|patch| {
        let mut sites = patch.record.body.sites();
        sites
            .any(|s| s.at == at && s.redirect == found)
            .then_some((patch.record.body.id.as_str(), patch.state))
    })
}

/// SHA-256 as hex, with the fields that the loader relocates set to zero.
fn digest(bytes: &mut [u8], range: &CodeRange) -> String {
    for at in &range.relocated {
        if let Some(field) = bytes.get_mut(*at as usize..).and_then(|b| b.get_mut(..8)) {
            field.fill(0);
        }
    }
    hex::encode(Sha256::digest(bytes))
}
