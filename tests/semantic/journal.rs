//! What was judged, a line for each pair, so that a run can go on where it was ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// One pair.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Which program.
    pub seed: u64,
    /// Which of its pairs.
    pub pair: usize,
    /// `same`, `patched`, `live`, `refused`, `needless`, `extra`, `wrong-…`, `broken`
    pub outcome: String,
    /// Findings that refuse.
    pub codes: Vec<String>,
    /// Kinds of the edits.
    pub edits: Vec<String>,
    /// Templates that the edits are in.
    pub parts: Vec<String>,
    /// Where an example is kept.
    pub kept: Option<String>,
    /// How many functions the package carries.
    pub replaced: usize,
    /// Functions that changed and are not carried, and those that are without need.
    pub missed: Vec<String>,
    pub extra: Vec<String>,
}

/// The journal of one build of `hotpatch`.
pub struct Journal {
    file: File,
    pub entries: Vec<Entry>,
}

impl Journal {
    /// Opens a journal, or begins one.
    pub fn open(path: &Path) -> std::io::Result<Journal> {
        let mut entries = Vec::new();
        if let Ok(file) = File::open(path) {
            let lines = BufReader::new(file).lines().map_while(Result::ok);
            entries.extend(lines.filter_map(|l| serde_json::from_str::<Entry>(&l).ok()));
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Journal { file, entries })
    }

    /// Adds the pairs of a program, all at once.
    pub fn add(&mut self, entries: Vec<Entry>) -> std::io::Result<()> {
        let mut text = String::new();
        for entry in &entries {
            text.push_str(&serde_json::to_string(entry).unwrap_or_default());
            text.push('\n');
        }
        self.entries.extend(entries);
        self.file.write_all(text.as_bytes())
    }

    /// Seeds that were done.
    pub fn seeds(&self) -> BTreeSet<u64> {
        self.entries.iter().map(|e| e.seed).collect()
    }

    /// The figures, for reading.
    pub fn summary(&self) -> String {
        let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
        let mut codes: BTreeMap<(&str, &str), (usize, &str)> = BTreeMap::new();
        for entry in &self.entries {
            *outcomes.entry(&entry.outcome).or_default() += 1;
            for code in &entry.codes {
                let found = codes.entry((&entry.outcome, code)).or_default();
                found.0 += 1;
                if let Some(kept) = &entry.kept {
                    found.1 = kept;
                }
            }
        }
        let count = |of: fn(&Entry) -> usize| self.entries.iter().map(of).sum::<usize>();
        let mut out = format!(
            "{} pairs, {} functions carried, {} missed, {} extra\n",
            self.entries.len(),
            count(|e| e.replaced),
            count(|e| e.missed.len()),
            count(|e| e.extra.len()),
        );
        for (outcome, count) in outcomes {
            out.push_str(&format!("  {outcome:16} {count:6}\n"));
            for ((_, code), (count, kept)) in codes.iter().filter(|c| c.0.0 == outcome) {
                out.push_str(&format!("      {code:12} {count:6}  {kept}\n"));
            }
        }
        out
    }
}
