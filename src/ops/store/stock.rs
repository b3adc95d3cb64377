//! The packages of a store, each verified as it is now.

use std::path::PathBuf;

use super::{Entry, ListEntry, PackageStore};
use crate::moment::Moment;
use crate::ops::audit::computer;
use crate::ops::desired::{Candidate, Permit};
use crate::ops::policy::{Incoming, Turn};
use crate::ops::trust::Guard;
use crate::ops::withdrawal::{List, Withdrawn};
use crate::package::{Package, Verified, VerifyError, open_unverified, verify};

/// The packages of a store.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    /// Those that can be read, and whose signatures are valid, in the order of the ledger.
    pub usable: Vec<Usable>,
    /// The others.
    pub broken: Vec<Broken>,
    /// The lists of withdrawn packages.
    pub lists: Vec<KnownList>,
}

/// A list of withdrawn packages, as it counts now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownList {
    /// What was written down when it came in.
    pub entry: ListEntry,
    /// What it says; `None` where it doesn't count.
    pub list: Option<List>,
    /// Why nothing of its product may be applied: it doesn't count, or isn't known to be the
    /// latest any more.
    pub problem: Option<String>,
}

/// A package that is what it says.
#[derive(Clone, Debug)]
pub struct Usable {
    /// What decides about processes.
    pub candidate: Candidate,
    /// One line that says what it fixes.
    pub title: Option<String>,
    /// Where it is.
    pub path: PathBuf,
    /// The package, where it may be applied now.
    pub package: Option<Verified<Package>>,
}

/// A package that can't be used, whatever it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of the package that should be there as hex; empty for one outside of the store.
    pub sha256: String,
    /// Why.
    pub why: String,
}

impl KnownList {
    fn incoming(list: &List) -> Self {
        KnownList {
            entry: ListEntry {
                product: list.product.clone(),
                sequence: list.sequence,
                sha256: String::new(),
                added: Moment::now(),
            },
            list: Some(list.clone()),
            problem: None,
        }
    }
}

impl Stock {
    /// What decides about processes.
    pub fn candidates(&self) -> Vec<Candidate> {
        self.usable.iter().map(|u| u.candidate.clone()).collect()
    }

    /// What a list says of a package.
    pub fn withdrawn(&self, package: &Candidate) -> Option<&Withdrawn> {
        let lists = self.lists.iter().filter_map(|l| l.list.as_ref());
        let mut about = lists.filter(|l| l.is_about(&package.product));
        let found = about.find_map(|l| l.of_content(&package.content_sha256));
        found.filter(|w| w.is_for(&package.file_name))
    }

    /// The lists that say what is withdrawn.
    pub fn counting(&self) -> Vec<List> {
        let lists = self.lists.iter();
        lists.filter_map(|l| l.list.clone()).collect()
    }

    /// Holds packages back until it is the turn of this machine.
    fn wait_for_turn(&mut self, guard: &Guard, machine: &str) {
        for usable in &mut self.usable {
            let permit = match guard.admission(&incoming(&usable.candidate), machine) {
                None => continue,
                Some(admission) => match (&usable.candidate.permit, admission.turn) {
                    (Permit::Refused { .. } | Permit::Unapproved { .. }, _) | (_, Turn::Now) => {
                        continue;
                    }
                    (_, Turn::Approved) => Permit::Unapproved {
                        ring: admission.ring,
                    },
                    (Permit::Later { at }, Turn::At(turn)) => Permit::Later { at: turn.max(*at) },
                    (Permit::Allowed, Turn::At(at)) => Permit::Later { at },
                },
            };
            usable.candidate.permit = permit;
            usable.package = None;
        }
    }

    /// Refuses packages of products of which nobody knows what is withdrawn.
    fn refuse_unknown(&mut self, required: bool) {
        for usable in &mut self.usable {
            let product = usable.candidate.product.to_lowercase();
            let mut lists = self.lists.iter();
            let known = lists.find(|l| l.entry.product.to_lowercase() == product);
            let problem = match known {
                Some(known) => known.problem.as_ref().map(|why| {
                    format!("the list of withdrawn packages of {product} is of no use: {why}")
                }),
                None => required.then(|| {
                    format!("the policy asks for a list of withdrawn packages of {product}")
                }),
            };
            if let Some(why) = problem {
                usable.candidate.permit = Permit::Refused { why };
                usable.package = None;
            }
        }
    }

    /// The package with this SHA-256, where it may be applied now.
    pub fn package(&self, sha256: &str) -> Option<&Verified<Package>> {
        let mut usable = self.usable.iter();
        let found = usable.find(|u| u.candidate.sha256 == sha256);
        found.and_then(|u| u.package.as_ref())
    }
}

impl PackageStore {
    /// The packages, each verified by this authority.
    pub fn stock(&self, guard: &Guard) -> Stock {
        self.stock_with(guard, Vec::new(), &[])
    }

    /// The same, as it would be with packages and lists that come in.
    pub fn stock_with(&self, guard: &Guard, packages: Vec<Usable>, lists: &[List]) -> Stock {
        let mut stock = Stock {
            lists: self.lists(guard),
            ..Stock::default()
        };
        for list in lists {
            stock.lists.retain(|l| !list.is_about(&l.entry.product));
            stock.lists.push(KnownList::incoming(list));
        }
        for entry in &self.ledger.packages {
            let path = self.path_of(&entry.sha256);
            let broken = |why: String| Broken {
                path: path.clone(),
                sha256: entry.sha256.clone(),
                why,
            };
            let found = match self.read(&entry.sha256) {
                Ok(bytes) => examine(&bytes, entry, path.clone(), guard).map_err(broken),
                Err(error) => Err(broken(error.to_string())),
            };
            match found {
                Ok(usable) => stock.usable.push(usable),
                Err(broken) => stock.broken.push(broken),
            }
        }
        stock.usable.extend(packages);
        stock.wait_for_turn(guard, &computer());
        stock.refuse_unknown(guard.requires_lists());
        stock
    }
}

/// What the rollout asks about a package.
pub fn incoming(candidate: &Candidate) -> Incoming<'_> {
    Incoming {
        product: &candidate.product,
        sequence: candidate.sequence,
        content_sha256: &candidate.content_sha256,
        added: candidate.added,
    }
}

/// What the bytes of a package are, in the light of its entry.
///
/// # Errors
/// Why they are no package, or not the one that the entry is about.
pub fn examine(
    bytes: &[u8],
    entry: &Entry,
    path: PathBuf,
    guard: &Guard,
) -> Result<Usable, String> {
    let causes = |error: VerifyError| {
        let error = anyhow::Error::new(error);
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        causes.join(": ").replace('\n', "; ")
    };
    let opened = open_unverified(bytes).map_err(causes)?;
    if opened.sha256_hex() != entry.sha256 {
        return Err(format!(
            "it was changed since it was added: its SHA-256 is {}",
            opened.sha256_hex()
        ));
    }
    let (package, permit) = match verify(bytes, guard) {
        Ok(package) => (Some(package), Permit::Allowed),
        // Its signatures are valid.
        Err(VerifyError::Denied(denial)) => {
            let refused = || Permit::Refused {
                why: denial.to_string().replace('\n', "; "),
            };
            let later = guard.allowed_from(&opened);
            (None, later.map_or_else(refused, |at| Permit::Later { at }))
        }
        Err(error @ VerifyError::UntrustedKey(_)) => (None, Permit::Refused { why: causes(error) }),
        Err(error) => return Err(causes(error)),
    };
    let held = entry.held.as_ref().map(super::Note::text);
    Ok(Usable {
        candidate: Candidate::new(&opened, entry.added, held, permit),
        title: opened.manifest.patch.title.clone(),
        path,
        package,
    })
}
