//! Looks at a process: what it is, and whether a package could be applied to it. Writes nothing.

use sha2::{Digest, Sha256};

use super::candidate::Candidate;
use super::facts::{Build, Effect, FileFacts, ModuleFacts, PatchFacts, ProcessFacts};
use super::verdict::Probe;
use crate::apply::loaded::{self, LoadedIdentity};
use crate::apply::survey::{Installed, State, Survey};
use crate::apply::target::{LARGEST_FILE, Module, Target, TargetError};
use crate::apply::{ApplyError, Preflight};
use crate::finding::{Finding, Severity};
use crate::image::{Image, authenticode};
use crate::moment::Moment;
use crate::ops::trust::process_name;
use crate::ops::withdrawal::{List, Withdrawn};
use crate::package::Package;

/// What is seen of a process; `None` where it has none of the modules that packages are for, or
/// were that were withdrawn.
/// Which services it runs is for the caller to say.
///
/// # Errors
/// Where its modules or its memory can't be listed, as in a process that is just starting.
pub fn look<T: Target>(
    target: &T,
    stock: &[Candidate],
    lists: &[List],
) -> Result<Option<ProcessFacts>, TargetError> {
    let mut modules = target.modules()?;
    let withdrawn: Vec<&Withdrawn> = lists.iter().flat_map(|l| &l.withdrawn).collect();
    modules.retain(|m| {
        let is_for = |w: &&Withdrawn| w.is_for(&m.name);
        stock.iter().any(|c| c.is_for(&m.name)) || withdrawn.iter().any(is_for)
    });
    if modules.is_empty() {
        return Ok(None);
    }
    let survey = Survey::of(target)?;
    let identity = target.identity();
    Ok(Some(ProcessFacts {
        pid: identity.pid,
        name: process_name(identity),
        started: Moment::from_seconds(identity.created_ms() / 1000),
        image: identity.image.clone(),
        services: Vec::new(),
        modules: modules.iter().map(|m| module(target, m, stock)).collect(),
        patches: survey.patches.iter().map(|p| patch(p, &survey)).collect(),
    }))
}

fn module<T: Target>(target: &T, module: &Module, stock: &[Candidate]) -> ModuleFacts {
    let build = loaded::identity(target, module).ok().flatten();
    let file = target.module_file(module, LARGEST_FILE).ok();
    ModuleFacts {
        name: module.name.clone(),
        build: build.map(|found: LoadedIdentity| Build {
            time_date_stamp: found.time_date_stamp,
            size_of_image: found.size_of_image,
            pdb: found.pdb,
        }),
        file: file.map(|bytes| file_facts(&bytes, stock)),
    }
}

fn file_facts(bytes: &[u8], stock: &[Candidate]) -> FileFacts {
    let sha256 = hex::encode(Sha256::digest(bytes));
    // Which build it is matters only for one that is known to be fixed.
    let is_fixed = stock.iter().any(|c| c.fixed_sha256 == sha256);
    let image = Image::parse(bytes).ok().filter(|_| is_fixed);
    FileFacts {
        authenticode: authenticode::sha256(bytes).ok().map(hex::encode),
        build: image.map(|image| Build {
            time_date_stamp: image.time_date_stamp,
            size_of_image: image.size_of_image,
            pdb: image.codeview.map(|c| (c.guid, c.age)),
        }),
        sha256,
    }
}

fn patch(installed: &Installed, survey: &Survey) -> PatchFacts {
    let (header, body) = (&installed.record.header, &installed.record.body);
    let over = body.over.iter().filter_map(|at| survey.at(*at));
    PatchFacts {
        id: body.id.clone(),
        sha256: body.package_sha256.clone(),
        content_sha256: body.content_sha256.clone(),
        product: body.product.clone(),
        module: body.module.name.clone(),
        over: over.map(|p| p.record.body.package_sha256.clone()).collect(),
        effect: match installed.state {
            State::Active => Effect::Active,
            State::Replaced => Effect::Replaced,
            State::Pending => Effect::LeftOver,
            State::Kept | State::Detached => Effect::Gone,
            State::Torn => Effect::Torn,
        },
        frozen: installed.frozen,
        applied: Moment::from_seconds(header.applied_at_ms / 1000),
    }
}

/// Whether a package could be applied to a process now.
pub fn probe<T: Target>(target: &T, package: &Package) -> Probe {
    let survey = Survey::of(target);
    let preflight = survey.and_then(|survey| Preflight::run(target, package, survey));
    match preflight {
        Ok(preflight) => of_findings(&preflight.findings).unwrap_or(Probe::Ready),
        Err(error) => {
            let error = anyhow::Error::new(ApplyError::from(error));
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            Probe::Failed(causes.join(": "))
        }
    }
}

/// What findings say against a package; `None` where they say nothing.
pub fn of_findings(findings: &[Finding]) -> Option<Probe> {
    let against = |f: &&Finding| f.rule.severity != Severity::Note;
    let mut rules: Vec<_> = findings.iter().filter(against).map(|f| f.rule).collect();
    let remedy = rules.first()?.remedy.to_owned();
    rules.dedup();
    let titles: Vec<String> = rules
        .iter()
        .map(|rule| format!("{} {}", rule.code, rule.title))
        .collect();
    Some(Probe::Refused {
        why: titles.join("; "),
        remedy,
    })
}
