//! The report of `hotpatch store`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;
use super::table::table;
use super::withdraw::in_words;
use crate::moment::Moment;
use crate::ops::desired::Permit;
use crate::ops::policy::SyncPolicy;
use crate::ops::store::{Broken, KnownList, Note, PackageStore, Pause, Quarantine, Stock, Usable};
use crate::ops::withdrawal::Withdrawn;

/// The store of packages as it is now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StorePackagesReport {
    /// `hotpatch.store/1`
    pub schema: &'static str,
    /// What was done, a line each; empty where nothing was.
    pub done: Vec<String>,
    /// The folder.
    pub folder: String,
    /// What is paused: `hotpatch sync` leaves it as it is.
    pub paused: Vec<Pause>,
    /// Packages that ended a process: they are not applied to that program until they are
    /// released.
    pub quarantined: Vec<Quarantine>,
    /// Programs that the policy excludes, with `*` and `?`: they are left as they are, too.
    pub excluded: Vec<String>,
    /// Whether a scheduled task runs `sync` after each start of the machine (`store
    /// enable-startup`); null where that can't be seen.
    pub startup: Option<bool>,
    /// After how many days a hotpatched process has to be restarted; null where the policy
    /// doesn't say.
    pub max_age_days: Option<u32>,
    /// The lists of withdrawn packages, one for each product.
    pub lists: Vec<StoredList>,
    /// The packages, in the order in which they were added.
    pub packages: Vec<StoredPackage>,
    /// Packages that can't be used, whatever they say of themselves.
    pub broken: Vec<BrokenPackage>,
}

/// A list of withdrawn packages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StoredList {
    /// The product that it is about.
    pub product: String,
    /// Its number.
    pub sequence: u64,
    /// When it came in.
    pub added: Moment,
    /// The last moment at which it is known to be the latest; null where it does not count.
    pub expires: Option<Moment>,
    /// Why no package of the product is applied: the list does not count, or has expired; null
    /// where it is good.
    pub problem: Option<String>,
    /// What it withdraws.
    pub withdrawn: Vec<Withdrawn>,
}

/// A package of the store.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StoredPackage {
    /// Its id.
    pub id: String,
    /// The product that its sequence counts for.
    pub product: String,
    /// Its position in the product's line of patches.
    pub sequence: u64,
    /// File name of the module that it changes.
    pub module: String,
    /// One line that says what it fixes.
    pub title: Option<String>,
    /// CVE identifiers that it fixes.
    pub cves: Vec<String>,
    /// SHA-256 of the file as hex.
    pub sha256: String,
    /// Where it is.
    pub path: String,
    /// When it came in.
    pub added: Moment,
    /// That it is not applied for now; null where it is not held.
    pub held: Option<Note>,
    /// `allowed`: it may be applied. `later`: only the time forbids it. `unapproved`: the ring of
    /// this machine asks for an approval. `refused`: the trust store or the policy forbids it.
    pub permit: &'static str,
    /// From when it may be applied, where that is later.
    pub allowed_from: Option<Moment>,
    /// Why it may not be applied, where it is refused or not approved.
    pub refused: Option<String>,
    /// Why it was withdrawn; null where it was not.
    pub withdrawn: Option<String>,
}

/// A package that can't be used.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BrokenPackage {
    /// The file.
    pub path: String,
    /// SHA-256 of the package that should be there as hex; empty for a file outside of the store.
    pub sha256: String,
    /// Why.
    pub why: String,
}

impl From<&Broken> for BrokenPackage {
    fn from(broken: &Broken) -> Self {
        BrokenPackage {
            path: broken.path.display().to_string(),
            sha256: broken.sha256.clone(),
            why: broken.why.clone(),
        }
    }
}

impl StoredList {
    fn new(known: &KnownList) -> Self {
        let list = known.list.as_ref();
        StoredList {
            product: known.entry.product.clone(),
            sequence: known.entry.sequence,
            added: known.entry.added,
            expires: list.map(|l| l.expires),
            problem: known.problem.clone(),
            withdrawn: list.map(|l| l.withdrawn.clone()).unwrap_or_default(),
        }
    }

    fn push(&self, text: &mut String) {
        let (sequence, product) = (self.sequence, line(&self.product));
        let _ = match (&self.problem, self.expires) {
            (Some(why), _) => {
                let why = line(why);
                writeln!(
                    text,
                    "list {sequence} of {product}: {why}: nothing of it is applied"
                )
            }
            (None, Some(at)) => writeln!(text, "list {sequence} of {product}, good until {at}"),
            (None, None) => writeln!(text, "list {sequence} of {product}"),
        };
        for entry in &self.withdrawn {
            let _ = writeln!(text, "  {}", line(&in_words(entry)));
        }
        if self.withdrawn.is_empty() && self.expires.is_some() {
            text.push_str("  nothing is withdrawn\n");
        }
    }
}

impl StoredPackage {
    fn new(usable: &Usable, held: Option<Note>, stock: &Stock) -> Self {
        let candidate = &usable.candidate;
        let (permit, allowed_from, refused) = match &candidate.permit {
            Permit::Unapproved { ring } => {
                let why = format!("it is not approved for the ring {ring}");
                ("unapproved", None, Some(why))
            }
            Permit::Allowed => ("allowed", None, None),
            Permit::Later { at } => ("later", Some(*at), None),
            Permit::Refused { why } => ("refused", None, Some(why.clone())),
        };
        StoredPackage {
            id: candidate.id.clone(),
            product: candidate.product.clone(),
            sequence: candidate.sequence,
            module: candidate.file_name.clone(),
            title: usable.title.clone(),
            cves: candidate.cves.clone(),
            sha256: candidate.sha256.clone(),
            path: usable.path.display().to_string(),
            added: candidate.added,
            held,
            permit,
            allowed_from,
            refused,
            withdrawn: stock.withdrawn(candidate).map(|w| w.reason.clone()),
        }
    }

    fn row(&self) -> [String; 5] {
        let (state, why) = match (&self.held, self.allowed_from, &self.refused) {
            _ if self.withdrawn.is_some() => {
                ("withdrawn", self.withdrawn.clone().unwrap_or_default())
            }
            (_, _, Some(why)) => (self.permit, why.clone()),
            (Some(held), _, _) => ("held", held.text()),
            (None, Some(at), _) => ("later", format!("may be applied from {at}")),
            (None, None, None) => ("allowed", self.cves.join(", ")),
        };
        [
            self.id.clone(),
            self.product.clone(),
            self.sequence.to_string(),
            state.to_owned(),
            why,
        ]
    }
}

impl StorePackagesReport {
    /// The report about a store.
    pub fn new(
        (store, stock): (&PackageStore, &Stock),
        policy: &SyncPolicy,
        done: Vec<String>,
    ) -> Self {
        let held = |usable: &Usable| {
            let mut entries = store.ledger.packages.iter();
            let entry = entries.find(|e| e.sha256 == usable.candidate.sha256);
            entry.and_then(|e| e.held.clone())
        };
        let package = |usable: &Usable| StoredPackage::new(usable, held(usable), stock);
        StorePackagesReport {
            schema: "hotpatch.store/1",
            done,
            folder: store.folder.display().to_string(),
            paused: store.ledger.paused.clone(),
            quarantined: store.ledger.quarantined.clone(),
            excluded: policy.exclude.clone(),
            startup: None,
            max_age_days: policy.max_age_days,
            lists: stock.lists.iter().map(StoredList::new).collect(),
            packages: stock.usable.iter().map(package).collect(),
            broken: stock.broken.iter().map(BrokenPackage::from).collect(),
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for done in &self.done {
            let _ = writeln!(text, "{}", line(done));
        }
        let _ = writeln!(text, "store of packages {}", line(&self.folder));
        if self.startup == Some(true) {
            text.push_str("`hotpatch sync` runs after each start of this machine\n");
        }
        for pause in &self.paused {
            let what = pause.program.as_deref().unwrap_or("everything");
            let _ = writeln!(text, "{} is paused {}", line(what), line(&pause.text()));
        }
        for pattern in &self.excluded {
            let _ = writeln!(text, "{} is excluded by the policy", line(pattern));
        }
        if let Some(days) = self.max_age_days {
            let _ = writeln!(
                text,
                "a restart is due {days} days after a patch was applied"
            );
        }
        if self.packages.is_empty() && self.broken.is_empty() {
            text.push_str("no package\n");
        }
        if !self.packages.is_empty() {
            let rows: Vec<_> = self.packages.iter().map(StoredPackage::row).collect();
            let headings = ["PACKAGE", "PRODUCT", "SEQUENCE", "STATE", "WHY"];
            text.push_str(&table(headings, &rows));
        }
        for list in &self.lists {
            list.push(&mut text);
        }
        for quarantine in &self.quarantined {
            let (program, reason) = (line(&quarantine.program), line(&quarantine.reason));
            let package = &quarantine.package[..12];
            let _ = writeln!(text, "quarantined for {program}: {package}: {reason}");
        }
        for broken in &self.broken {
            let (path, why) = (line(&broken.path), line(&broken.why));
            let _ = writeln!(text, "cannot be used: {path}: {why}");
        }
        text
    }
}
