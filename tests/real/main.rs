//! Real security fixes: `hotpatch diff` against the oracle, on expat, libpng and zlib as
//! Debian patches them, and on libcrypto with its assembler code. `tests/real/run.sh` builds
//! the pairs and runs this.
#![cfg(target_os = "linux")]

#[path = "../oracle/build.rs"]
mod build;
#[path = "../oracle/coff.rs"]
mod coff;
#[path = "../oracle/compare.rs"]
mod compare;
#[path = "../oracle/fields.rs"]
mod fields;
#[path = "../oracle/judge.rs"]
mod judge;
#[path = "../oracle/linkmap.rs"]
mod linkmap;
#[path = "../oracle/names.rs"]
mod names;
#[path = "../oracle/product.rs"]
mod product;
#[path = "../oracle/truth.rs"]
mod truth;

use std::path::{Path, PathBuf};

use build::Build;
use coff::Object;
use judge::Judgement;
use linkmap::LinkMap;
use truth::Linked;

/// One build of a library.
struct Library {
    image: PathBuf,
    build: Build,
    map: LinkMap,
}

impl Library {
    fn load(folder: &Path) -> Self {
        let text = |name: &str| {
            let bytes = std::fs::read(folder.join(name)).expect(name);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let objects = text("objects.txt");
        let objects = objects.lines().map(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            Object::parse(name, &std::fs::read(path).expect("an object"))
        });
        Library {
            image: folder.join("library.dll"),
            build: Build::new(objects.collect()),
            map: LinkMap::parse(&text("library.map")),
        }
    }

    fn linked(&self) -> Linked<'_> {
        Linked {
            build: &self.build,
            map: &self.map,
        }
    }
}

#[test]
fn the_diff_of_real_fixes_agrees_with_their_objects() {
    let folder = std::env::var("HOTPATCH_REAL").expect("HOTPATCH_REAL, the folder of pairs.sh");
    let list = Path::new(&folder).join("pairs.txt");
    let list = std::fs::read_to_string(&list).expect("pairs.txt");
    let (mut functions, mut data) = (Judgement::default(), Judgement::default());
    println!("library | version | fix | functions | hotpatch | oracle | missed | extra | verdict");
    println!("--- | --- | --- | --: | --: | --: | --: | --: | ---");
    let mut notes = String::new();
    let mut pairs = 0;
    for line in list.lines() {
        let [package, version, fix, old, new] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("a line of pairs.txt with other fields: {line}");
        };
        let (old, new) = (Library::load(old.as_ref()), Library::load(new.as_ref()));
        let answer = product::diff(&old.image, &new.image).expect("hotpatch diff");
        let (a, b) = (old.linked(), new.linked());
        let of_functions = judge::functions(&a, &b, &answer);
        let of_data = judge::data(&a, &b, &answer);
        println!(
            "{package} | {version} | {fix} | {} | {} | {} | {} | {} | {}",
            of_functions.compared,
            of_functions.reported,
            of_functions.changed,
            of_functions.missed.len(),
            of_functions.extra.len(),
            answer.status
        );
        let mut texts = of_functions.text("function") + &of_data.text("datum");
        texts.extend(judge::thread_locals(&a, &b, &answer));
        if !texts.is_empty() {
            notes += &format!("{package} {version}, {fix}\n{texts}");
        }
        functions.add(&of_functions);
        data.add(&of_data);
        pairs += 1;
    }
    println!("\n{notes}");
    for (what, sum) in [("functions", &functions), ("data", &data)] {
        println!("{}", sum.summary(what));
    }
    assert!(pairs > 0, "no pairs");
    functions.assert_agreement("functions");
    data.assert_agreement("data");
}
