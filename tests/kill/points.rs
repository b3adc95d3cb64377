//! The fault points, as the sources have them.

use std::collections::BTreeSet;
use std::path::Path;

/// Names of the points in the sources. That of the watchdog is none of the patcher's.
pub fn in_sources() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    collect(&sources, &mut found);
    assert!(
        found.remove("watchdog"),
        "no points in {}",
        sources.display()
    );
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
