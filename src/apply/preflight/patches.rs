//! How the package relates to the patches that the target has already.

use crate::addr::Va;
use crate::apply::record::{Body, Record};
use crate::apply::revert::pending;
use crate::apply::survey::{Installed, State, Survey};
use crate::apply::target::Module;
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::package::Package;

/// The package among the patches that are there.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// The record of the package, where it is active already.
    pub active: Option<Record>,
    /// What interrupted operations left, those that stand on others first.
    pub leftovers: Vec<Installed>,
    /// Active patches that the package replaces, in the order in which they were applied.
    pub replaced: Vec<Installed>,
}

/// Tells which of the patches the package is, replaces, needs, or conflicts with.
pub(super) fn examine(
    survey: &Survey,
    module: Option<&Module>,
    package: &Package,
    findings: &mut Vec<Finding>,
) -> Relations {
    let patch = &package.manifest.patch;
    for (at, error) in &survey.unreadable {
        findings.push(Finding::new(
            &rules::UNREADABLE_RECORD,
            format!("At {at}: {error}."),
        ));
    }
    let mut relations = Relations::default();
    let is_this = |body: &Body| body.id == patch.id && body.package_sha256 == package.sha256_hex();
    let mut active = survey.patches.iter();
    let is_active = active.any(|p| p.state == State::Active && is_this(&p.record.body));
    for installed in &survey.patches {
        let record = &installed.record;
        let body = &record.body;
        let here = || format!("Patch {} at {}.", body.id, record.at);
        let same = is_this(body);
        match installed.state {
            State::Pending => {
                findings.push(Finding::about(&rules::LEFTOVER, &body.id, here()));
            }
            State::Detached => {
                let detail = format!("{} {} was unloaded.", here(), body.module.name);
                findings.push(Finding::about(&rules::LEFTOVER, &body.id, detail));
            }
            State::Torn => findings.push(Finding::about(&rules::TORN, &body.id, here())),
            State::Active if same => relations.active = Some(record.clone()),
            State::Active | State::Replaced if body.id == patch.id => findings.push(match same {
                true => Finding::about(&rules::NEWER_ACTIVE, &body.id, replaced_by(survey, record)),
                false => Finding::about(
                    &rules::SAME_ID,
                    &body.id,
                    format!(
                        "The package in the process has SHA-256 {}, this one {}.",
                        body.package_sha256,
                        package.sha256_hex()
                    ),
                ),
            }),
            // Nothing is left to decide about what is active already.
            State::Active if is_active => {}
            State::Active => beside(installed, module, package, &mut relations, findings),
            // What was kept on purpose is no remains of anything, and stands in no way.
            State::Replaced | State::Kept => {}
        }
    }
    relations.leftovers = pending(survey);
    for id in &patch.requires {
        let there = survey.by_id(id).is_some_and(|p| p.state == State::Active);
        if !there && !is_active {
            findings.push(Finding::about(
                &rules::REQUIRED_MISSING,
                id,
                format!("{} requires {id}.", patch.id),
            ));
        }
    }
    relations
}

fn replaced_by(survey: &Survey, record: &Record) -> String {
    let mut tops = survey.patches.iter().filter(|p| p.state == State::Active);
    let top = tops.find(|p| {
        survey
            .beneath(&p.record)
            .iter()
            .any(|b| b.record.at == record.at)
    });
    let top = top.map_or("another patch", |p| p.record.body.id.as_str());
    format!(
        "{} was replaced by {top}; `hotpatch rollback` goes back to it.",
        record.body.id
    )
}

/// Another active patch: newer, replaced by the package, or none of its business.
fn beside(
    installed: &Installed,
    module: Option<&Module>,
    package: &Package,
    relations: &mut Relations,
    findings: &mut Vec<Finding>,
) {
    let patch = &package.manifest.patch;
    let body = &installed.record.body;
    let same_line = same_line(body, package);
    if same_line && body.sequence > patch.sequence {
        findings.push(Finding::about(
            &rules::NEWER_ACTIVE,
            &body.id,
            format!(
                "{} has sequence {}, this package {}.",
                body.id, body.sequence, patch.sequence
            ),
        ));
        return;
    }
    let Some(module) = module.filter(|m| m.base == body.module.base) else {
        return;
    };
    let named = patch.supersedes.contains(&body.id);
    let missing = missing(body, module.base, package);
    let shares = missing.len() < body.functions.len();
    let outdated = shares && same_line && body.sequence < patch.sequence;
    if !named && !outdated {
        return;
    }
    if !body.exposed.is_empty() {
        let names: Vec<&str> = body.exposed.iter().map(String::as_str).collect();
        let detail = format!(
            "{} handed out {}.",
            body.id,
            crate::finding::some_of(&names)
        );
        findings.push(Finding::about(&rules::EXPOSED, &body.id, detail));
        return;
    }
    if missing.is_empty() {
        relations.replaced.push(installed.clone());
        return;
    }
    findings.push(Finding::about(
        &rules::NOT_CUMULATIVE,
        &body.id,
        format!(
            "{} replaces {}, and has no code for {}.",
            patch.id,
            body.id,
            crate::finding::some_of(&missing)
        ),
    ));
}

/// Whether a patch and the package are of one line of patches, so that their sequences can be
/// compared. Where a record says no product, it is taken for the module's.
fn same_line(body: &Body, package: &Package) -> bool {
    let manifest = &package.manifest;
    let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    match &body.product {
        Some(product) => same(product, manifest.product()),
        None => same(&body.module.name, &manifest.target.file_name),
    }
}

/// Functions of an active patch that the package has no code for.
fn missing<'a>(body: &'a Body, base: Va, package: &Package) -> Vec<&'a str> {
    let has = |entry: Va| {
        let mut functions = package.manifest.functions.iter();
        functions.any(|f| f.entry.at(base) == entry)
    };
    let functions = body.functions.iter();
    functions
        .filter(|f| !has(f.entry))
        .map(|f| f.name.as_str())
        .collect()
}
