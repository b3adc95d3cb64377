//! Real programs: what they are built from and how they are run.

use std::path::{Path, PathBuf};

/// A program with a test of its own.
#[derive(Clone, Debug)]
pub struct Real {
    pub name: &'static str,
    /// The folder of the sources that are mutated, and which of its files are.
    tree: (&'static str, Files),
    /// Files that are compiled as they are.
    rest: &'static [&'static str],
    /// Options of the compiler; `SRC` is the folder of all sources.
    options: &'static str,
    /// What it is started with; `SRC` and `HERE` are folders.
    pub arguments: &'static [&'static str],
    /// A script for its standard input.
    pub script: Option<&'static str>,
}

/// Files of C of a folder.
#[derive(Clone, Copy, Debug)]
enum Files {
    AllBut(&'static [&'static str]),
    Only(&'static [&'static str]),
}

/// The programs, by the names of their sources.
pub const ALL: [Real; 5] = [
    Real {
        name: "lua",
        tree: ("lua/src", Files::AllBut(&["luac.c", "lua.c"])),
        rest: &["SRC/lua/src/lua.c"],
        options: "-DLUA_COMPAT_5_3",
        arguments: &["ROOT/tests/transplant/programs/script.lua"],
        script: None,
    },
    Real {
        name: "zlib",
        tree: ("zlib", Files::AllBut(&[])),
        rest: &["SRC/zlib/test/example.c"],
        options: "-ISRC/zlib -DNO_FSEEKO",
        arguments: &["HERE/example.gz"],
        script: None,
    },
    Real {
        name: "libpng",
        tree: ("libpng", Files::AllBut(&["pngtest.c", "example.c"])),
        rest: &["SRC/libpng/pngtest.c", "SRC/zlib/*.c"],
        options: "-ISRC/libpng -ISRC/zlib -DPNG_INTEL_SSE_OPT=0 -DNO_FSEEKO",
        arguments: &["SRC/libpng/pngtest.png", "HERE/out.png"],
        script: None,
    },
    Real {
        name: "expat",
        tree: (
            "expat/expat/lib",
            Files::AllBut(&["xmltok_impl.c", "xmltok_ns.c"]),
        ),
        rest: &["ROOT/tests/semantic/real/expat.c"],
        options: "-ISRC/expat/expat/lib -DXML_STATIC -DXML_GE=1 -DXML_DTD -DXML_NS -DXML_CONTEXT_BYTES=1024 -DXML_POOR_ENTROPY",
        arguments: &[],
        script: None,
    },
    Real {
        name: "sqlite",
        tree: ("sqlite/one", Files::Only(&["sqlite3.c"])),
        rest: &["SRC/sqlite/one/shell.c"],
        options: "-ISRC/sqlite/one -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_MATH_FUNCTIONS",
        arguments: &["-batch", ":memory:"],
        script: Some("tests/transplant/programs/script.sql"),
    },
];

impl Real {
    /// The files that are mutated.
    pub fn own(&self, sources: &Path) -> Vec<PathBuf> {
        let (folder, files) = self.tree;
        let mut found = c_files(&sources.join(folder));
        found.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match files {
                Files::AllBut(names) => !names.contains(&&*name),
                Files::Only(names) => names.contains(&&*name),
            }
        });
        found
    }

    /// The other files.
    pub fn others(&self, sources: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for pattern in self.rest {
            let path = placed(pattern, sources, Path::new(""));
            match path.strip_suffix("/*.c") {
                Some(folder) => found.extend(c_files(Path::new(folder))),
                None => found.push(path.into()),
            }
        }
        found
    }

    /// Options of the compiler.
    pub fn options(&self, sources: &Path) -> Vec<String> {
        let words = self.options.split_whitespace();
        words.map(|w| placed(w, sources, Path::new(""))).collect()
    }
}

/// A text with its folders.
pub fn placed(text: &str, sources: &Path, here: &Path) -> String {
    text.replace("SRC", &sources.display().to_string())
        .replace("ROOT", env!("CARGO_MANIFEST_DIR"))
        .replace("HERE", &here.display().to_string())
}

fn c_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "c"))
        .collect();
    found.sort();
    found
}
