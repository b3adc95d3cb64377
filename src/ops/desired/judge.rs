//! The verdict about one process.

use super::candidate::Candidate;
use super::cves;
use super::facts::{ModuleFacts, ProcessFacts};
use super::line::{Line, by_requirement};
use super::settings::Settings;
use super::state::State;
use super::verdict::{OnDisk, PackageVerdict, Probe, Verdict};
use super::withdrawn::removals;

/// What is said of a process; `None` where no package is for any of its modules. `probe` says
/// whether a package could be applied, and is asked only about those that should be.
pub fn judge(
    process: &ProcessFacts,
    stock: &[Candidate],
    settings: &Settings<'_>,
    probe: &mut dyn FnMut(&Candidate) -> Probe,
) -> Option<Verdict> {
    let mut packages = Vec::new();
    let mut fitting = Vec::new();
    for module in &process.modules {
        let about: Vec<&Candidate> = stock.iter().filter(|c| c.is_for(&module.name)).collect();
        let fits = |c: &&&Candidate| module.build.as_ref() == Some(&c.build);
        let for_build: Vec<&Candidate> = about.iter().filter(fits).copied().collect();
        if for_build.is_empty() {
            packages.extend(other_build(module, &about));
            continue;
        }
        let mut products: Vec<String> = Vec::new();
        for candidate in &for_build {
            let product = candidate.product.to_lowercase();
            if !products.contains(&product) {
                products.push(product);
            }
        }
        for product in products {
            let of_product = |c: &&Candidate| c.product.to_lowercase() == product;
            let candidates: Vec<_> = for_build.iter().copied().filter(of_product).collect();
            let line = Line {
                process,
                module,
                candidates,
                settings,
            };
            packages.extend(line.judge(probe));
        }
        fitting.extend(for_build);
    }
    let revert = removals(process, stock, settings, &mut packages);
    packages.sort_by_key(|p| p.state);
    let state = packages.first()?.state;
    let apply = packages.iter().filter(|p| p.apply);
    let apply: Vec<String> = apply.map(|p| p.sha256.clone()).collect();
    let apply = by_requirement(&apply, &fitting);
    let (fixed, open) = cves::of(process, stock, &fitting, &packages, settings.now);
    Some(Verdict {
        state,
        fixed,
        open,
        recover: apply.is_empty()
            && revert.is_empty()
            && process.was_interrupted()
            && settings.leaves_alone(process.program()).is_none(),
        revert,
        apply,
        packages,
    })
}

/// A module of which another build is loaded: the fixed one, or one that nothing is known about.
/// Nothing where it has no packages.
fn other_build(module: &ModuleFacts, about: &[&Candidate]) -> Option<PackageVerdict> {
    about.first()?;
    // Only what is loaded and is on disk, too, can be known by the hash of the file.
    let file = module.file.as_ref();
    let file = file.filter(|f| f.build.is_some() && f.build == module.build);
    let runs = |c: &&&Candidate| file.is_some_and(|f| f.sha256 == c.fixed_sha256);
    let fixed = about.iter().filter(runs).max_by_key(|c| c.sequence);
    let mut verdict = PackageVerdict {
        sha256: String::new(),
        id: String::new(),
        module: module.name.clone(),
        state: State::NotApplicable,
        why: format!("another build of {} is loaded", module.name),
        remedy: "if that one has the bug too, build a package for it".to_owned(),
        as_desired: true,
        withdrawn: None,
        apply: false,
        on_disk: OnDisk::Other,
        applied: None,
        restart_by: None,
        deferred_until: None,
        unpatched_ms: None,
    };
    match fixed {
        Some(candidate) => {
            verdict.sha256.clone_from(&candidate.sha256);
            verdict.id.clone_from(&candidate.id);
            verdict.state = State::Updated;
            verdict.why = format!("the build that has {} in it is loaded", candidate.id);
            verdict.remedy = String::new();
            verdict.on_disk = OnDisk::Fixed;
        }
        None if module.file.is_none() => verdict.on_disk = OnDisk::Unknown,
        None => {}
    }
    Some(verdict)
}
