//! Differences of the images outside of functions, data and types.

mod exports;
mod startup;
mod unnamed;

use super::same::Comparer;
use super::thread_local;

/// What else differs, each as words for a finding.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImageDiff {
    /// Exports that were added, removed, lead elsewhere or have another ordinal.
    pub exports: Vec<String>,
    /// The thread-local storage, where it differs.
    pub tls: Vec<String>,
    /// Entry point, TLS callbacks, initialisers and terminators that are other functions now.
    pub startup: Vec<String>,
    /// Writable data without a symbol that differs.
    pub unnamed: Vec<String>,
}

impl ImageDiff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == ImageDiff::default()
    }
}

/// Compares what the loader and the debugger see.
pub fn diff(comparer: &Comparer<'_>) -> ImageDiff {
    ImageDiff {
        exports: exports::differences(comparer),
        tls: thread_local::differences(comparer),
        startup: startup::differences(comparer),
        unnamed: unnamed::differences(comparer),
    }
}
