//! Is the code in memory the code that the package replaces?

use sha2::{Digest, Sha256};

use crate::addr::{Rva, Va};
use crate::apply::record::Record;
use crate::apply::relays::{Relays, is_redirected};
use crate::apply::survey::{Installed, State, Survey};
use crate::apply::target::{Module, Target, TargetError};
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::package::Package;
use crate::package::manifest::{CodeRange, ReplacedFunction};
use crate::payload::names::REDIRECT_LEN;

/// Compares every range of every function.
pub(super) fn compare<T: Target>(
    target: &T,
    module: &Module,
    package: &Package,
    (patches, relays): (Patches<'_>, &Relays),
    findings: &mut Vec<Finding>,
) -> Result<(), TargetError> {
    for function in &package.manifest.functions {
        if !relays.has(function) && !is_redirected(function, module, patches.replaced) {
            findings.extend(no_place(target, module, function, patches)?);
        }
        for (index, range) in function.ranges.iter().enumerate() {
            if index > 0 && function.is_relay(range) {
                continue;
            }
            let at = range.rva.at(module.base);
            let mut bytes = target.read_vec(at, range.size as usize)?;
            if index == 0 {
                let site = (function.entry, function.entry_bytes.as_str());
                changed_bytes(function, site, range, module, &mut bytes, patches, findings);
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

/// Why the relay of a function, if it has one, can be nowhere.
fn no_place<T: Target>(
    target: &T,
    module: &Module,
    function: &ReplacedFunction,
    patches: Patches<'_>,
) -> Result<Option<Finding>, TargetError> {
    let Some(relay) = &function.relay else {
        return Ok(None);
    };
    let at = relay.rva.at(module.base);
    let end = Va(at.0 + u64::from(REDIRECT_LEN));
    let there = patches.survey.patches.iter();
    let mut there = there.filter(|p| p.leads());
    let holder = there.find(|p| {
        let mut sites = p.record.body.sites();
        sites.any(|s| s.at < end && s.end() > at)
    });
    let nowhere = "no other padding in reach of the entry is free";
    Ok(Some(match holder {
        Some(patch) => Finding::about(
            &rules::PATCHED_ALREADY,
            &function.name,
            format!(
                "The patch {} has a jump at {at}, and {nowhere}.",
                patch.record.body.id
            ),
        ),
        None => Finding::about(
            &rules::ENTRY_HOOKED,
            &function.name,
            format!(
                "At {at} ({}+{}), where the entry would lead: expected {}, found {}, and {nowhere}.",
                module.name,
                relay.rva,
                relay.bytes,
                hex::encode(target.read_vec(at, REDIRECT_LEN as usize)?)
            ),
        ),
    }))
}

/// Compares the bytes that the patch will change, and puts the expected ones in their place,
/// so that the rest of the range is judged on its own.
fn changed_bytes(
    function: &ReplacedFunction,
    (rva, expected): (Rva, &str),
    range: &CodeRange,
    module: &Module,
    bytes: &mut [u8],
    patches: Patches<'_>,
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
    let entry = function.entry.at(module.base);
    match patches.redirecting(at, found) {
        // A leftover is taken away before the package is applied.
        Some((patch, _)) if patch.state == State::Pending => {}
        // It will be redirected from there on.
        Some((patch, of)) if of == entry && patches.is_replaced(&patch.record) => {}
        Some((patch, _)) => findings.push(Finding::about(
            &rules::PATCHED_ALREADY,
            &function.name,
            format!("The patch {} redirects {at}.", patch.record.body.id),
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

/// The patches that are there, and those of them that the package replaces.
#[derive(Clone, Copy)]
pub(super) struct Patches<'a> {
    pub survey: &'a Survey,
    pub replaced: &'a [Installed],
}

impl<'a> Patches<'a> {
    /// The patch whose redirect these bytes are, and the entry of the function that they
    /// redirect. Of several, the one that runs.
    fn redirecting(self, at: Va, found: &[u8]) -> Option<(&'a Installed, Va)> {
        let patches = self.survey.patches.iter();
        let patches = patches.filter(|p| p.state != State::Kept);
        let mut redirecting = patches.filter_map(|patch| {
            let body = &patch.record.body;
            let site = body.sites().find(|s| s.at == at && s.redirect == found)?;
            Some((patch, body.functions.get(site.function as usize)?.entry))
        });
        let first = redirecting.next()?;
        let runs = |p: &Installed| p.state == State::Active;
        Some(match runs(first.0) {
            true => first,
            false => redirecting.find(|(p, _)| runs(p)).unwrap_or(first),
        })
    }

    /// Whether the package replaces it, or what stands on it.
    fn is_replaced(self, record: &Record) -> bool {
        let mut replaced = self.replaced.iter();
        replaced.any(|p| {
            let mut beneath = self.survey.beneath(&p.record).into_iter();
            p.record.at == record.at || beneath.any(|b| b.record.at == record.at)
        })
    }
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
