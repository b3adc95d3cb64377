//! What the DSC resource sees and does on this machine.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use crate::apply::survey::{State as PatchState, Survey};
use crate::apply::target::Target;
use crate::apply::{Options, Outcome as Applied, revert};
use crate::cli::Failure;
use crate::cli::audit_arg::AuditArgs;
use crate::cli::in_time::in_time;
use crate::cli::installed_arg::change_one;
use crate::cli::machine::{Limits, Machine, Rounds};
use crate::cli::package_arg::PackageArgs;
use crate::cli::store_arg::{Judges, unusable};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::desired::{OnDisk, State};
use crate::ops::dsc::{Fact, Found, Instance, Stored, changed};
use crate::ops::store::{self, Entry, PackageStore, Stock, StoreError, Usable};
use crate::process::{Access, Process, interrupt, is_critical, pids};
use crate::report::sync::Mode;

/// How long to wait for a quiet moment, and how long processes are watched that were patched.
const PATIENCE: Duration = Duration::from_secs(10);

/// The state of an instance.
///
/// # Errors
/// Exit code 1 where the store or the processes can't be read, 5 where the trust store can't.
pub fn get(desired: &Instance) -> Result<Instance, Failure> {
    Ok(look(desired, None)?.instance(desired))
}

/// The state of an instance, and the properties that are not as desired.
///
/// # Errors
/// As [`get`].
pub fn test(desired: &Instance) -> Result<(Instance, Vec<String>), Failure> {
    let found = look(desired, None)?;
    let differing = found.differences(desired, wanted(desired)?.as_deref());
    let mut instance = found.instance(desired);
    instance.seen.in_desired_state = Some(differing.is_empty());
    Ok((instance, differing))
}

/// Every package of the store, or the one that is asked for.
///
/// # Errors
/// As [`get`].
pub fn export(only: Option<&Instance>) -> Result<Vec<Instance>, Failure> {
    let judges = Judges::load()?;
    let (_, stock) = open(&judges)?;
    let ids = stock.usable.into_iter().map(|u| u.candidate.id);
    let ids = ids.filter(|id| only.is_none_or(|only| only.id == *id));
    let named = |id| Instance {
        id,
        exist: true,
        ..Instance::default()
    };
    ids.map(|id| get(&named(id))).collect()
}

/// Brings about what is desired: the state afterwards, and which properties changed. With
/// `what_if` it is only said.
///
/// # Errors
/// As [`get`]; exit code 9 where something is not as desired afterwards.
pub fn set(desired: &Instance, what_if: bool) -> Result<(Instance, Vec<String>), Failure> {
    let before = look(desired, None)?.instance(desired);
    if what_if {
        let after = foreseen(desired)?.instance(desired);
        let names = changed(&before, &after);
        return Ok((after, names));
    }
    match desired.exist {
        true => apply(desired)?,
        false => take_out(desired)?,
    }
    let found = look(desired, None)?;
    let differing = found.differences(desired, wanted(desired)?.as_deref());
    if !differing.is_empty() {
        return Err(not_as_desired(desired, &found));
    }
    let after = found.instance(desired);
    let names = changed(&before, &after);
    Ok((after, names))
}

fn not_as_desired(desired: &Instance, found: &Found) -> Failure {
    let wrong = found
        .facts
        .iter()
        .filter(|f| !desired.exist || !desired.accepts(f));
    let wrong: Vec<String> = wrong
        .map(|f| format!("{} ({}) is {}: {}", f.name, f.id, f.state.word(), f.why))
        .collect();
    let error = match wrong.is_empty() {
        true => anyhow!("{} is not as desired", desired.id),
        false => anyhow!("{}", wrong.join("\n")),
    };
    Failure::new(Exit::NotAsDesired, error)
        .hint("`hotpatch list` says what to do about each process")
}

/// The store, which need not be there.
fn open(judges: &Judges) -> Result<(PackageStore, Stock), Failure> {
    let store = match PackageStore::load(&store::folder()) {
        Err(StoreError::Missing(folder)) => PackageStore {
            folder,
            ledger: Default::default(),
        },
        store => store.map_err(unusable)?,
    };
    let stock = store.stock(&judges.guard);
    Ok((store, stock))
}

/// What is there of a package; `incoming` counts as if it were in the store.
fn look(desired: &Instance, incoming: Option<Usable>) -> Result<Found, Failure> {
    let judges = Judges::load()?;
    let (store, mut stock) = open(&judges)?;
    stock.usable.extend(incoming);
    let meant = stock.usable.iter().find(|u| u.candidate.id == desired.id);
    let stored = meant.map(|u| Stored {
        path: u.path.display().to_string(),
        sha256: u.candidate.sha256.clone(),
        cves: u.candidate.cves.clone(),
    });
    let facts = match &stored {
        Some(stored) => judged(Machine::new(judges, store, stock), &stored.sha256)?,
        None => carriers(&desired.id)?,
    };
    Ok(Found { stored, facts })
}

/// What a package of the store means for the processes that it is for.
fn judged(machine: Machine, sha256: &str) -> Result<Vec<Fact>, Failure> {
    let seen = machine.look(None)?;
    let mut facts = Vec::new();
    for (process, verdict) in &seen.processes {
        let about = verdict.packages.iter().filter(|p| p.sha256 == sha256);
        facts.extend(about.map(|package| Fact {
            id: process.pid,
            name: process.program().to_owned(),
            state: package.state,
            why: package.why.clone(),
            as_desired: package.as_desired,
            on_disk: package.on_disk,
        }));
    }
    Ok(facts)
}

/// The processes that have a patch, whatever the store says.
fn carriers(id: &str) -> Result<Vec<Fact>, Failure> {
    let mut facts = Vec::new();
    for pid in pids()?.into_iter().filter(|pid| !is_critical(*pid)) {
        let id = id.to_owned();
        let name = in_time(move || {
            let process = Process::open(pid, Access::Look).ok()?;
            let survey = Survey::of(&process).ok()?;
            let patch = survey.by_id(&id)?;
            let image = &process.identity().image;
            let name = image.rsplit(['\\', '/']).next().unwrap_or_default();
            (patch.state == PatchState::Active).then(|| name.to_owned())
        });
        facts.extend(name.flatten().map(|name| Fact {
            id: pid,
            name,
            state: State::Hotpatched,
            why: "it has the patch, and the store does not".to_owned(),
            as_desired: true,
            on_disk: OnDisk::Unknown,
        }));
    }
    Ok(facts)
}

/// SHA-256 of the file that is desired, where that is known.
fn wanted(desired: &Instance) -> Result<Option<String>, Failure> {
    match (&desired.sha256, &desired.package) {
        (Some(sha256), _) => Ok(Some(sha256.clone())),
        (None, Some(path)) if Path::new(path).is_file() => {
            let bytes = PackageArgs::of_store(path.into()).read()?;
            Ok(Some(Entry::new(&bytes, Moment::now()).sha256))
        }
        (None, _) => Ok(None),
    }
}

/// The package that has to come into the store first.
fn incoming(desired: &Instance) -> Result<Option<(Vec<u8>, Usable)>, Failure> {
    let judges = Judges::load()?;
    let (_, stock) = open(&judges)?;
    let wanted = wanted(desired)?;
    let is_wanted = |u: &&Usable| {
        let same = |w: &String| w.eq_ignore_ascii_case(&u.candidate.sha256);
        u.candidate.id == desired.id && wanted.as_ref().is_none_or(same)
    };
    if stock.usable.iter().any(|u| is_wanted(&u)) {
        return Ok(None);
    }
    let Some(path) = &desired.package else {
        let error = anyhow!("the store has no such package {:?}", desired.id);
        return Err(Failure::from(error).hint("name its file with the property package"));
    };
    let (bytes, usable) = judges.admit(Path::new(path))?;
    let found = (&usable.candidate.id, &usable.candidate.sha256);
    let pinned = desired.sha256.as_ref();
    if *found.0 != desired.id || pinned.is_some_and(|p| !p.eq_ignore_ascii_case(found.1)) {
        let error = anyhow!("{path} is {} with the SHA-256 {}", found.0, found.1);
        let failure = Failure::new(Exit::Untrusted, error);
        return Err(failure.hint("the properties id and sha256 ask for another package"));
    }
    Ok(Some((bytes, usable)))
}

/// Takes the package into the store, and applies it.
fn apply(desired: &Instance) -> Result<(), Failure> {
    if let Some((bytes, usable)) = incoming(desired)? {
        let mut store = PackageStore::open_or_create(&store::folder()).map_err(unusable)?;
        let added = store.add(&bytes, &usable.candidate, Moment::now());
        added.map_err(unusable)?;
    }
    let rounds = Rounds {
        mode: Mode::Sync,
        from: None,
        package: Some(desired.id.clone()),
        report: None,
        metrics: None,
        log: AuditArgs::default().log(),
        limits: Limits {
            timeout: PATIENCE,
            max_freeze: max_freeze(desired),
            settle: PATIENCE,
            interrupted: interrupt::catch()?,
        },
        waits: true,
        watched: Default::default(),
    };
    match rounds.run(None)?.exit {
        Exit::Interrupted => Err(interrupted()),
        _ => Ok(()),
    }
}

fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, anyhow!("it was interrupted"))
}

fn max_freeze(desired: &Instance) -> Option<Duration> {
    desired
        .max_freeze_ms
        .map(|ms| Duration::from_millis(ms.into()))
}

/// Takes the package out of the store, and the patch out of every process.
fn take_out(desired: &Instance) -> Result<(), Failure> {
    let judges = Judges::load()?;
    let (mut store, stock) = open(&judges)?;
    for usable in stock.usable.iter().filter(|u| u.candidate.id == desired.id) {
        store.remove(&usable.candidate.sha256).map_err(unusable)?;
    }
    let log = AuditArgs::default().log();
    let options = Options {
        timeout: PATIENCE,
        max_freeze: max_freeze(desired),
        on_stack: &[],
        interrupted: interrupt::catch()?,
        consent: None,
    };
    let id = Some(desired.id.as_str());
    for fact in carriers(&desired.id)? {
        let summary = change_one(fact.id, ("revert", id), (&log, &options), &|p, o| {
            revert(p, id, o)
        })
        .with_what(&fact)?;
        if summary.outcome == Applied::Interrupted {
            return Err(interrupted());
        }
    }
    Ok(())
}

/// Says which process a failure is about.
trait About<T> {
    fn with_what(self, fact: &Fact) -> Result<T, Failure>;
}

impl<T> About<T> for Result<T, Failure> {
    fn with_what(self, fact: &Fact) -> Result<T, Failure> {
        self.map_err(|mut failure| {
            failure.error = failure
                .error
                .context(format!("{} ({})", fact.name, fact.id));
            failure
        })
    }
}

/// What would be there after it.
fn foreseen(desired: &Instance) -> Result<Found, Failure> {
    if !desired.exist {
        return Ok(Found::default());
    }
    let incoming = incoming(desired)?.map(|(_, usable)| usable);
    let mut found = look(desired, incoming)?;
    for fact in found.facts.iter_mut().filter(|f| f.state == State::Exposed) {
        fact.state = State::Hotpatched;
        fact.why = "it would be hotpatched".to_owned();
        fact.as_desired = true;
    }
    Ok(found)
}
