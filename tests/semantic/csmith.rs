//! Programs of csmith as parts: one file each, with the places that edits change. They run
//! in the first round only: csmith promises nothing for a second.

use std::process::Command;

use crate::mutate;
use crate::rng::Rng;
use crate::template::{Instance, Item, Kind, OwnFile, Segment, Site};

/// Places that edits change, at most.
const SITES: usize = 60;

/// Options that keep programs small, and free of what our runtime does not have.
const OPTIONS: &str = "--no-argc --max-funcs 6 --max-block-depth 3 --max-block-size 4 \
    --no-packed-struct --no-volatiles --concise";

/// Whether there is a csmith on this machine.
pub fn is_there() -> bool {
    Command::new("csmith")
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success())
}

/// A part made by csmith from this seed.
pub fn instance(prefix: &str, seed: u64) -> Result<Instance, String> {
    let mut csmith = Command::new("csmith");
    // It leaves a file where it runs.
    csmith.current_dir(std::env::temp_dir());
    csmith
        .args(OPTIONS.split_whitespace())
        .args(["--seed", &(seed % 1_000_000).to_string()]);
    let output = csmith.output().map_err(|e| format!("csmith: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() || !text.contains("int main (void)") {
        return Err(format!("csmith: {}", output.status));
    }
    let path = format!("{prefix}s/random.c");
    let entry = Item {
        kind: Kind::Raw,
        file: 0,
        segments: vec![Segment::Text(format!(
            "EXPORT int {prefix}_csmith(void);\nEXPORT int {prefix}_run(int round) {{ return round == 1 ? {prefix}_csmith() : round; }}"
        ))],
    };
    let text = text.replace("int main (void)", &format!("int {prefix}_csmith(void)"));
    let (body, end) = text
        .rsplit_once("return 0;")
        .ok_or("csmith's main has another end")?;
    let text = format!("{body}return (int)csmith_sum;{end}");
    Ok(Instance {
        modelled: false,
        items: vec![
            entry,
            Item {
                kind: Kind::Raw,
                file: 1,
                segments: segments(&text, seed),
            },
        ],
        files: vec![OwnFile { path, debug: true }],
    })
}

/// Cuts a program at some of the places that can be edited.
fn segments(text: &str, seed: u64) -> Vec<Segment> {
    let mut places = mutate::mutations(text);
    // Bounds of loops stay: what never ends shows nothing. And so does what adds up.
    let main = text.find("_csmith(void)").unwrap_or(text.len());
    places.retain(|m| {
        if m.at > main {
            return false;
        }
        let start = text[..m.at].rfind('\n').map_or(0, |n| n + 1);
        !text[start..m.at].trim_start().starts_with("for")
    });
    let mut rng = Rng::new(seed);
    while places.len() > SITES {
        places.swap_remove(rng.below(places.len()));
    }
    places.sort_by_key(|m| m.at);
    let mut found = Vec::new();
    let mut end = 0;
    for place in places {
        found.push(Segment::Text(text[end..place.at].into()));
        end = place.at + place.old.len();
        found.push(Segment::Site(Site {
            class: place.class.into(),
            label: format!("at{}", place.at),
            alternatives: vec![place.old, place.new],
        }));
    }
    found.push(Segment::Text(text[end..].into()));
    found
}
