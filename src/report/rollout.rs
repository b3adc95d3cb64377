//! The report of `hotpatch rollout explain`.

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;
use crate::moment::Moment;
use crate::ops::desired::{Candidate, Permit};
use crate::ops::policy::Admission;
use crate::ops::store::{PackageStore, Stock};

/// When a machine applies a package.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RolloutReport {
    /// `hotpatch.rollout/1`
    pub schema: &'static str,
    /// Id of the package.
    pub id: String,
    /// SHA-256 of everything before its signatures as hex.
    pub content_sha256: String,
    /// When it came into the store.
    pub added: Moment,
    /// Full name of this computer.
    pub machine: String,
    /// Its ring; null where the policy has no rollout.
    pub ring: Option<String>,
    /// Its place in the ring, in percent: it has its turn when more percent than that have it.
    pub place_percent: Option<f64>,
    /// How many percent of the ring have their turn now.
    pub open_percent: Option<u8>,
    /// How many percent have it next; null where all have it.
    pub next_percent: Option<u8>,
    /// When that is.
    pub next_at: Option<Moment>,
    /// `now`: the next `sync` applies it where it is missing. `later`: from the time in `at`.
    /// `unapproved`: when somebody has approved it for the ring. `paused`, `held`: when that ends.
    /// `withdrawn`, `refused`: not at all.
    pub turn: &'static str,
    /// When it is the turn of this machine, where that is later.
    pub at: Option<Moment>,
    /// All of it in one sentence.
    pub sentence: String,
}

impl RolloutReport {
    /// The report about a package of the store.
    pub fn new(
        package: &Candidate,
        (store, stock): (&PackageStore, &Stock),
        machine: String,
        admission: Option<Admission>,
    ) -> Self {
        let (turn, at, why) = turn(package, store, stock);
        let id = &package.id;
        let place = admission.as_ref().map(Admission::text);
        let place = place.unwrap_or_else(|| "the policy has no rollout".to_owned());
        let sentence = match (turn, at) {
            ("now", _) => format!("{id} is applied on {machine} now: {place}"),
            ("later", Some(at)) => format!("{id} is applied on {machine} from {at}: {place}"),
            ("unapproved", _) => format!("{id} is not applied on {machine}: {why}; {place}"),
            _ => format!("{id} is not applied on {machine}: {why}"),
        };
        let next = admission.as_ref().and_then(|a| a.next);
        RolloutReport {
            schema: "hotpatch.rollout/1",
            id: id.clone(),
            content_sha256: package.content_sha256.clone(),
            added: package.added,
            machine,
            place_percent: admission.as_ref().map(|a| f64::from(a.place) / 100.0),
            open_percent: admission.as_ref().map(|a| a.open),
            next_percent: next.map(|(percent, _)| percent),
            next_at: next.map(|(_, at)| at),
            ring: admission.map(|a| a.ring),
            turn,
            at,
            sentence,
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        format!("{}\n", line(&self.sentence))
    }
}

/// Whether a package is applied here, from when, and why not.
fn turn(
    package: &Candidate,
    store: &PackageStore,
    stock: &Stock,
) -> (&'static str, Option<Moment>, String) {
    if let Some(withdrawn) = stock.withdrawn(package) {
        let why = format!("it was withdrawn ({})", withdrawn.reason);
        return ("withdrawn", None, why);
    }
    let paused = store.ledger.paused.iter().find(|p| p.program.is_none());
    match (&package.permit, &package.held, paused) {
        (Permit::Refused { why }, _, _) => ("refused", None, why.clone()),
        (_, Some(held), _) => ("held", None, format!("it is held {held}")),
        (_, _, Some(pause)) => (
            "paused",
            None,
            format!("everything is paused {}", pause.text()),
        ),
        (Permit::Unapproved { ring }, _, _) => {
            let (id, ring) = (&package.id, ring);
            let how = format!("`hotpatch rollout approve {id}` gives");
            let why = format!("the ring {ring} waits for an approval, which {how}");
            ("unapproved", None, why)
        }
        (Permit::Later { at }, _, _) => ("later", Some(*at), String::new()),
        (Permit::Allowed, _, _) => ("now", None, String::new()),
    }
}

impl Admission {
    /// Where a machine stands, as a part of a sentence.
    fn text(&self) -> String {
        let place = f64::from(self.place) / 100.0;
        let word = match place < f64::from(self.open) {
            true => "<",
            false => ">=",
        };
        let next = match self.next {
            Some((percent, at)) => format!(", {percent} % from {at}"),
            None => String::new(),
        };
        let (ring, open) = (&self.ring, self.open);
        format!("ring {ring}, {place:.2} % {word} {open} % open{next}")
    }
}
