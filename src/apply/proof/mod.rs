//! Proves that the code in a running process is exactly that of the shipped build plus that
//! of approved packages.
//!
//! Nothing that the process says about itself is believed: the module's code is compared
//! with the file of the shipped build, loaded and relocated as the system does it; the
//! payloads are bound anew from the packages and compared byte by byte; the records must be
//! what those packages give.
//!
//! That holds for memory that was kept when its patch was taken out, too. No function of the
//! module leads there: not because its record says so, which anybody may have written, but
//! because every byte of the module is compared, and none of its redirects is expected. What
//! is in that memory is proven by its package or not at all.

mod kept;
mod module;
mod pages;
mod payload;

use std::collections::BTreeMap;

use super::outcome::ApplyError;
use super::survey::{Installed, State, Survey};
use super::target::{Identity, LARGEST_FILE, Module, Target};
use crate::addr::Va;
use crate::exit::Exit;
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::image::authenticode;
use crate::package::{Package, Verified};
pub use kept::KeptMemory;
pub use module::Baseline;

/// What a process may consist of.
#[derive(Clone, Copy, Debug)]
pub struct Approved<'a> {
    /// Packages that are to be in effect.
    pub packages: &'a [Verified<Package>],
    /// Packages of which memory may wait, and nothing else be there.
    pub kept: &'a [Verified<Package>],
    /// Files of shipped builds. Without a fitting one, that from which a module was loaded is
    /// taken.
    pub baselines: &'a [Baseline],
}

impl<'a> Approved<'a> {
    /// All packages.
    fn all(self) -> impl Iterator<Item = &'a Verified<Package>> + Clone {
        self.packages.iter().chain(self.kept)
    }
}

/// What was compared, and what differs.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The process.
    pub process: Identity,
    /// The modules whose code was compared.
    pub modules: Vec<ProvenModule>,
    /// The patches that were compared.
    pub patches: Vec<ProvenPatch>,
    /// The memory of patches that were taken out, compared or not.
    pub kept: Vec<KeptMemory>,
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
    /// 0 where the proof holds; 5 where there is a patch that nobody approved; 9 where it
    /// holds but for memory of patches that were taken out; 6 where anything else differs.
    pub fn exit(&self) -> Exit {
        let is = |rule| move |f: &Finding| f.rule == rule;
        if self.findings.is_empty() {
            Exit::Done
        } else if self.findings.iter().any(is(&rules::NOT_APPROVED)) {
            Exit::Untrusted
        } else if self.findings.iter().all(is(&rules::KEPT_UNPROVEN)) {
            Exit::NotAsDesired
        } else {
            Exit::WrongTarget
        }
    }
}

/// Compares a process with what is approved.
///
/// # Errors
/// Where the process can't be looked at.
pub fn prove<T: Target>(target: &T, approved: Approved<'_>) -> Result<Proof, ApplyError> {
    let survey = Survey::of(target)?;
    let mut proof = Proof {
        process: target.identity().clone(),
        modules: Vec::new(),
        patches: Vec::new(),
        kept: Vec::new(),
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
        if installed.state == State::Kept {
            kept::compare(target, &survey, installed, approved, &mut proof)?;
        } else if let Some(sites) = running(target, &survey, installed, approved, &mut proof)? {
            expected.extend(sites);
        }
    }
    for package in approved.packages {
        missing(&survey, package, &mut proof);
    }
    let mut compared = Vec::new();
    for (module, baseline) in wanted(target, &survey, approved, &mut proof)? {
        let of_module =
            module::compare(target, &module, &baseline, &expected, approved, &mut proof)?;
        compared.extend(of_module);
    }
    stray(&expected, &compared, &mut proof);
    kept::modules(&survey, &mut proof);
    Ok(proof)
}

/// Notes redirects that are in no code that was compared: what they are expected to be was then
/// looked at nowhere. Where a module could not be compared, that was said.
fn stray(expected: &BTreeMap<Va, Vec<u8>>, compared: &[(Va, Va)], proof: &mut Proof) {
    let said = [
        &rules::NO_BASELINE,
        &rules::MODULE_MISSING,
        &rules::OTHER_BUILD,
    ];
    if proof.findings.iter().any(|f| said.contains(&f.rule)) {
        return;
    }
    let inside = |at: &Va| compared.iter().any(|(from, to)| from <= at && at < to);
    for at in expected.keys().filter(|at| !inside(at)) {
        let detail = format!("The redirect at {at} is in no code that was compared.");
        proof.findings.push(Finding::new(&rules::DIFFERS, detail));
    }
}

/// Compares a patch that leads somewhere, or may; returns what its package puts into the
/// module.
fn running<T: Target>(
    target: &T,
    survey: &Survey,
    installed: &Installed,
    approved: Approved<'_>,
    proof: &mut Proof,
) -> Result<Option<payload::Sites>, ApplyError> {
    let (at, body) = (installed.record.at, &installed.record.body);
    let is_its = |p: &&Verified<Package>| p.sha256_hex() == body.package_sha256;
    let Some(package) = approved.packages.iter().find(is_its) else {
        let only = match approved.kept.iter().any(|p| is_its(&p)) {
            true => ", which may be there as memory that was kept and no more",
            false => "",
        };
        let detail = format!(
            "The patch {} at {at} is of a package with SHA-256 {}{only}.",
            body.id, body.package_sha256
        );
        let finding = Finding::about(&rules::NOT_APPROVED, &body.id, detail);
        proof.findings.push(finding);
        return Ok(None);
    };
    stands_on_proven(survey, installed, approved, proof);
    let compared = payload::compare(target, survey, installed, package, proof)?;
    proof.patches.extend(compared.proven);
    let not_so = match installed.state {
        State::Active | State::Replaced | State::Kept => return Ok(Some(compared.sites)),
        State::Torn => &rules::TORN,
        State::Pending | State::Detached => &rules::NOT_ACTIVE,
    };
    let detail = format!("Patch {} at {at}.", body.id);
    let finding = Finding::about(not_so, &body.id, detail);
    proof.findings.push(finding);
    let leads = installed.state == State::Torn;
    Ok(leads.then_some(compared.sites))
}

/// Notes what a patch says that it replaced, and that is not a running patch of an approved
/// package: where its own entries are is taken from that.
fn stands_on_proven(
    survey: &Survey,
    installed: &Installed,
    approved: Approved<'_>,
    proof: &mut Proof,
) {
    let body = &installed.record.body;
    for at in &body.over {
        let lower = survey.at(*at);
        let is_proven = lower.is_some_and(|p| {
            let sha256 = &p.record.body.package_sha256;
            let mut packages = approved.packages.iter();
            p.state == State::Replaced && packages.any(|p| p.sha256_hex() == *sha256)
        });
        if !is_proven {
            let detail = format!(
                "Its record says that it replaced the patch at {at}, which is not proven to be \
                 one that was replaced."
            );
            let finding = Finding::about(&rules::DIFFERS, &body.id, detail);
            proof.findings.push(finding);
        }
    }
}

/// Notes that a package is not in effect, if it isn't.
fn missing(survey: &Survey, package: &Verified<Package>, proof: &mut Proof) {
    let sha256 = package.sha256_hex();
    let of_it = survey.patches.iter();
    let mut of_it = of_it.filter(|p| p.record.body.package_sha256 == sha256);
    if of_it.clone().any(|p| p.state != State::Kept) {
        return;
    }
    let detail = match of_it.next() {
        Some(_) => format!("Of the package {sha256} there is only memory that was kept."),
        None => format!("No patch of the package {sha256} is in the process."),
    };
    let id = &package.manifest.patch.id;
    let finding = Finding::about(&rules::NOT_ACTIVE, id, detail);
    proof.findings.push(finding);
}

/// The modules to compare, each with the file of its shipped build.
fn wanted<T: Target>(
    target: &T,
    survey: &Survey,
    approved: Approved<'_>,
    proof: &mut Proof,
) -> Result<Vec<(Module, Baseline)>, ApplyError> {
    let baselines = approved.baselines;
    let mut wanted: Vec<(Module, Baseline)> = Vec::new();
    let is_there = |package: &Verified<Package>| {
        let sha256 = package.sha256_hex();
        let mut patches = survey.patches.iter();
        patches.any(|p| p.record.body.package_sha256 == sha256)
    };
    let kept = approved.kept.iter().filter(|p| is_there(p));
    for package in approved.packages.iter().chain(kept) {
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
            let bytes = target.module_file(&module, LARGEST_FILE).ok()?;
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
        let named = modules.iter().filter(|m| m.is_called(name));
        let is_used = wanted.iter().any(|(_, used)| used.path == baseline.path);
        if !is_used && named.clone().next().is_none() {
            let detail = format!("{} was given, and no module has its name.", baseline.path);
            let finding = Finding::about(&rules::MODULE_MISSING, name, detail);
            proof.findings.push(finding);
        }
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
