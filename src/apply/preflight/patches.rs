//! How the package relates to the patches that the target has already.

use crate::apply::record::Record;
use crate::apply::survey::{Installed, State, Survey};
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::package::Package;

/// The record of the package, where it is active already, and the remains of interrupted
/// operations.
pub(super) fn examine(
    survey: &Survey,
    package: &Package,
    findings: &mut Vec<Finding>,
) -> (Option<Record>, Vec<Installed>) {
    let patch = &package.manifest.patch;
    let module = &package.manifest.target.file_name;
    for (at, error) in &survey.unreadable {
        findings.push(Finding::new(
            &rules::UNREADABLE_RECORD,
            format!("At {at}: {error}."),
        ));
    }
    let mut active = None;
    let mut leftovers = Vec::new();
    for installed in &survey.patches {
        let body = &installed.record.body;
        match installed.state {
            State::Pending => {
                findings.push(Finding::about(
                    &rules::LEFTOVER,
                    &body.id,
                    format!("Patch {} at {}.", body.id, installed.record.at),
                ));
                leftovers.push(installed.clone());
            }
            State::Torn => findings.push(Finding::about(
                &rules::TORN,
                &body.id,
                format!("Patch {} at {}.", body.id, installed.record.at),
            )),
            State::Active if body.id == patch.id => {
                if body.package_sha256 == package.sha256_hex() {
                    active = Some(installed.record.clone());
                } else {
                    findings.push(Finding::about(
                        &rules::SAME_ID,
                        &body.id,
                        format!(
                            "The active package has SHA-256 {}, this one {}.",
                            body.package_sha256,
                            package.sha256_hex()
                        ),
                    ));
                }
            }
            State::Active => {
                let same_module = body.module.name.eq_ignore_ascii_case(module);
                if same_module && body.sequence > patch.sequence {
                    findings.push(Finding::about(
                        &rules::NEWER_ACTIVE,
                        &body.id,
                        format!(
                            "{} has sequence {}, this package {}.",
                            body.id, body.sequence, patch.sequence
                        ),
                    ));
                }
            }
        }
    }
    for id in &patch.requires {
        let there = survey.by_id(id).is_some_and(|p| p.state == State::Active);
        if !there {
            findings.push(Finding::about(
                &rules::REQUIRED_MISSING,
                id,
                format!("{} requires {id}.", patch.id),
            ));
        }
    }
    (active, leftovers)
}
