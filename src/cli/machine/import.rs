//! Takes in what a folder has: packages, and lists of withdrawn packages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::package_arg::PackageArgs;
use crate::cli::store_arg::{Judges, unusable};
use crate::cli::{Failure, list_file};
use crate::moment::Moment;
use crate::ops::store::{Added, Entry, PackageStore, Usable, Weight};
use crate::ops::withdrawal::{List, SignedList};
use crate::report::store::BrokenPackage;
use crate::report::sync::IncomingList;

/// What came of the files of a folder.
#[derive(Default)]
pub struct Import {
    /// Ids of the packages that came in, or would.
    pub added: Vec<String>,
    /// The lists that came in, or would.
    pub lists: Vec<IncomingList>,
    /// What was refused; it keeps nothing else from coming in.
    pub refused: Vec<BrokenPackage>,
    /// The packages that would come in, where nothing is written.
    pub incoming: Vec<Usable>,
    /// The lists that would come in, where nothing is written.
    pub incoming_lists: Vec<List>,
}

impl Import {
    /// Takes the packages and lists of a folder into a store, as far as they are not in it; or
    /// only says what would come in.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub fn run(
        folder: &Path,
        (judges, store): (&Judges, &mut PackageStore),
        writes: bool,
    ) -> Result<Self, Failure> {
        let mut import = Import::default();
        // What is withdrawn is known before anything else comes in.
        import.take_lists(files(folder, "hpw")?, (judges, store), writes);
        for path in files(folder, "hpk")? {
            if let Err(failure) = import.take_package(&path, (judges, store), writes) {
                import.refuse(&path, &failure);
            }
        }
        Ok(import)
    }

    /// The highest sequence first: what is below one that came in is no news.
    fn take_lists(
        &mut self,
        paths: Vec<PathBuf>,
        (judges, store): (&Judges, &mut PackageStore),
        writes: bool,
    ) {
        let mut lists: Vec<(PathBuf, SignedList)> = Vec::new();
        for path in paths {
            match list_file::read(&path) {
                Ok(list) => lists.push((path, list)),
                Err(failure) => self.refuse(&path, &failure),
            }
        }
        lists.sort_by_key(|(_, list)| std::cmp::Reverse(list.list.sequence));
        for (path, list) in lists {
            let known = |l: &&List| l.is_about(&list.list.product);
            if self.incoming_lists.iter().find(known).is_some() {
                continue;
            }
            if let Err(failure) = self.take_list(&list, (judges, store), writes) {
                self.refuse(&path, &failure);
            }
        }
    }

    fn take_list(
        &mut self,
        signed: &SignedList,
        (judges, store): (&Judges, &mut PackageStore),
        writes: bool,
    ) -> Result<(), Failure> {
        if store.weigh(signed, &judges.guard).map_err(unusable)? != Weight::Newer {
            return Ok(());
        }
        match writes {
            true => {
                let added = store.add_list(signed, &judges.guard, Moment::now());
                added.map_err(unusable)?;
            }
            false => self.incoming_lists.push(signed.list.clone()),
        }
        self.lists.push(IncomingList {
            product: signed.list.product.clone(),
            sequence: signed.list.sequence,
        });
        Ok(())
    }

    fn take_package(
        &mut self,
        path: &Path,
        (judges, store): (&Judges, &mut PackageStore),
        writes: bool,
    ) -> Result<(), Failure> {
        let bytes = PackageArgs::of_store(path.to_owned()).read()?;
        let sha256 = Entry::new(&bytes, Moment::now()).sha256;
        if store.ledger.packages.iter().any(|e| e.sha256 == sha256) {
            return Ok(());
        }
        let (bytes, usable) = judges.admit(path)?;
        let id = usable.candidate.id.clone();
        if writes {
            let added = store.add(&bytes, &usable.candidate, Moment::now());
            if added.map_err(unusable)? == Added::New {
                self.added.push(id);
            }
        } else {
            self.added.push(id);
            self.incoming.push(usable);
        }
        Ok(())
    }

    fn refuse(&mut self, path: &Path, failure: &Failure) {
        self.refused.push(BrokenPackage {
            path: path.display().to_string(),
            sha256: String::new(),
            why: failure.lines().join("; "),
        });
    }
}

/// The files of a folder whose names end so, by name.
fn files(folder: &Path, end: &str) -> Result<Vec<PathBuf>, Failure> {
    let context = || format!("cannot read the folder {}", folder.display());
    let mut paths = Vec::new();
    for file in fs::read_dir(folder).with_context(context)? {
        let path = file.with_context(context)?.path();
        let fits = |e: &std::ffi::OsStr| e.eq_ignore_ascii_case(end);
        if path.extension().is_some_and(fits) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
