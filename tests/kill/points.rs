//! The fault points, as the sources have them.

use std::collections::BTreeSet;
use std::path::Path;

/// Names of the points of operations on a target. Those of the watchdog, of the store and of
/// `sync` have tests of their own.
pub fn in_sources() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/apply");
    collect(&sources, &mut found);
    assert!(!found.is_empty(), "no points in {}", sources.display());
    found
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("a source").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let calls = text.split("fault::point(\"").skip(1);
            found.extend(calls.filter_map(|c| Some(c.split_once('"')?.0.to_owned())));
        }
    }
}
