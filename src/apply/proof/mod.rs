//! Proves that the code in a running process is exactly that of the shipped build plus that
//! of approved packages.
//!
//! Nothing that the process says about itself is believed: the module's code is compared
//! with the file of the shipped build, loaded and relocated as the system does it; the
//! payloads are bound anew from the packages and compared byte by byte; the records must be
//! what those packages give.

mod module;
mod pages;
mod payload;

use std::collections::BTreeMap;

use super::outcome::ApplyError;
use super::survey::{State, Survey};
use super::target::{Identity, Module, Target};
use crate::addr::Va;
use crate::exit::Exit;
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::image::authenticode;
use crate::package::{Package, Verified};
pub use module::Baseline;

/// What was compared, and what differs.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The process.
    pub process: Identity,
    /// The modules whose code was compared.
    pub modules: Vec<ProvenModule>,
    /// The patches that were compared.
    pub patches: Vec<ProvenPatch>,
    /// Everything that is not as it should be; empty where the proof holds.
    pub findings: Vec<Finding>,
}

/// A module whose code was compared with its file.
#[derive(Clone, Debug)]
pub struct ProvenModule {
    /// Its file name.
    pub name: String,
    /// Where it is.
    pub base: Va,
    /// The file that it was compared with.
    pub baseline: String,
    /// Bytes of code that were compared.
    pub bytes: u64,
}

/// A patch that was compared with its package.
#[derive(Clone, Debug)]
pub struct ProvenPatch {
    /// Its id.
    pub id: String,
    /// SHA-256 of its package as hex.
    pub package_sha256: String,
    /// Whether it runs, or waits beneath the one that replaced it.
    pub state: State,
    /// Bytes of code and constants that were compared.
    pub bytes: u64,
    /// Redirects that were compared.
    pub redirects: usize,
}

impl Proof {
    /// 0 where the proof holds; 5 where there is a patch that nobody approved; 6 where
    /// anything else differs.
    pub fn exit(&self) -> Exit {
        let has = |rule| self.findings.iter().any(|f| f.rule == rule);
        if self.findings.is_empty() {
            Exit::Done
        } else if has(&rules::NOT_APPROVED) {
            Exit::Untrusted
        } else {
            Exit::WrongTarget
        }
    }
}

/// Compares a process with the approved packages and the files of the shipped builds.
/// Without a fitting file among `baselines`, that from which a module was loaded is taken.
///
/// # Errors
/// Where the process can't be looked at.
pub fn prove<T: Target>(
    target: &T,
    packages: &[Verified<Package>],
    baselines: &[Baseline],
) -> Result<Proof, ApplyError> {
    let survey = Survey::of(target)?;
    let mut proof = Proof {
        process: target.identity().clone(),
        modules: Vec::new(),
        patches: Vec::new(),
        findings: Vec::new(),
    };
    for (at, error) in &survey.unreadable {
        let detail = format!("At {at}: {error}.");
        proof
            .findings
            .push(Finding::new(&rules::UNREADABLE_RECORD, detail));
    }
    // What is at each changed place of each module, from the lowest patch to the topmost.
    let mut expected: BTreeMap<Va, Vec<u8>> = BTreeMap::new();
    let mut patches: Vec<_> = survey.patches.iter().collect();
    patches.sort_by_key(|p| survey.beneath(&p.record).len());
    for installed in patches {
        let body = &installed.record.body;
        let package = packages
            .iter()
            .find(|p| p.sha256_hex() == body.package_sha256);
        let Some(package) = package else {
            let detail = format!(
                "The patch {} at {} is of a package with SHA-256 {}.",
                body.id, installed.record.at, body.package_sha256
            );
            proof
                .findings
                .push(Finding::about(&rules::NOT_APPROVED, &body.id, detail));
            continue;
        };
        let sites = payload::compare(target, &survey, installed, package, &mut proof)?;
        let detail = format!("Patch {} at {}.", body.id, installed.record.at);
        let not_so = match installed.state {
            State::Active | State::Replaced | State::Kept => None,
            State::Torn => Some(&rules::TORN),
            State::Pending | State::Detached => Some(&rules::NOT_ACTIVE),
        };
        if let Some(rule) = not_so {
            proof.findings.push(Finding::about(rule, &body.id, detail));
        }
        if !matches!(
            installed.state,
            State::Pending | State::Detached | State::Kept
        ) {
            expected.extend(sites);
        }
    }
    for package in packages {
        let sha256 = package.sha256_hex();
        if !survey
            .patches
            .iter()
            .any(|p| p.state != State::Kept && p.record.body.package_sha256 == sha256)
        {
            let id = &package.manifest.patch.id;
            let detail = format!("No patch of the package {sha256} is in the process.");
            proof
                .findings
                .push(Finding::about(&rules::NOT_ACTIVE, id, detail));
        }
    }
    for (module, baseline) in wanted(target, packages, baselines, &mut proof)? {
        module::compare(target, &module, &baseline, &expected, packages, &mut proof)?;
    }
    Ok(proof)
}

/// The modules to compare, each with the file of its shipped build.
fn wanted<T: Target>(
    target: &T,
    packages: &[Verified<Package>],
    baselines: &[Baseline],
    proof: &mut Proof,
) -> Result<Vec<(Module, Baseline)>, ApplyError> {
    let mut wanted: Vec<(Module, Baseline)> = Vec::new();
    for package in packages {
        let image = &package.manifest.target;
        let found = super::preflight::identify(target, &package.manifest, &mut proof.findings)?;
        let Some(module) = found else { continue };
        if wanted.iter().any(|(m, _)| m.base == module.base) {
            continue;
        }
        let fits = |baseline: &Baseline| {
            let digest = authenticode::sha256(&baseline.bytes).map(hex::encode);
            digest.is_ok_and(|digest| digest == image.authenticode_sha256)
        };
        let given = baselines.iter().find(|b| fits(b)).cloned();
        let loaded = || {
            let bytes = std::fs::read(&module.path).ok()?;
            let path = module.path.clone();
            Some(Baseline { path, bytes }).filter(fits)
        };
        match given.or_else(loaded) {
            Some(baseline) => wanted.push((module, baseline)),
            None => proof.findings.push(Finding::about(
                &rules::NO_BASELINE,
                &module.name,
                format!(
                    "Neither {} nor any --image has the Authenticode digest {}.",
                    module.path, image.authenticode_sha256
                ),
            )),
        }
    }
    // Files that no package is about prove that their modules are unchanged.
    let modules = target.modules()?;
    for baseline in baselines {
        let name = baseline.file_name();
        let named = modules.iter().filter(|m| m.name.eq_ignore_ascii_case(name));
        for module in named {
            if !wanted.iter().any(|(m, _)| m.base == module.base) {
                wanted.push((module.clone(), baseline.clone()));
            }
        }
    }
    // Said by `NO_BASELINE` where it matters.
    proof.findings.retain(|f| f.rule != &rules::FILE_REPLACED);
    Ok(wanted)
}
