//! Packages that are built, and the object inside.

use object::read::{Object, ObjectSection, ObjectSymbol};

use super::server;
use super::support::{Folder, Run};

/// A folder with `fix.hpk`, its payload `fix.obj` and its manifest `fix.toml`.
fn built(prefix: &str) -> Folder {
    let folder = Folder::new();
    folder.run("keygen --out k.pem").good();
    build(&folder, prefix, "fix.hpk").good();
    folder
        .run("inspect fix.hpk --extract-payload fix.obj --extract-manifest fix.toml")
        .good();
    folder
}

fn build(folder: &Folder, prefix: &str, output: &str) -> Run {
    let mut command = folder.program();
    command
        .arg("build")
        .args([
            server(&format!("{prefix}old")),
            server(&format!("{prefix}new")),
        ])
        .args([
            "-o",
            output,
            "--key",
            "k.pem",
            "--id",
            "FIX-1",
            "--cve",
            "CVE-2026-0001",
        ]);
    Run::of(&mut command)
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let folder = built("");
    build(&folder, "", "again.hpk").good();
    assert_eq!(folder.read("fix.hpk"), folder.read("again.hpk"));
}

#[test]
fn the_report_names_what_was_written() {
    let folder = Folder::new();
    folder.run("keygen --out k.pem").good();
    let mut command = folder.program();
    command
        .arg("build")
        .args([server("old"), server("new")])
        .args("-o fix.hpk --key k.pem --id FIX-1 --format json".split_whitespace());
    let report = Run::of(&mut command).json();
    assert_eq!(report["schema"], "hotpatch.build/1");
    assert_eq!(report["verdict"]["status"], "patchable");
    assert_eq!(report["package"]["id"], "FIX-1");
    let bytes = folder.read("fix.hpk");
    assert_eq!(report["package"]["size"], bytes.len());
    folder.run("verify fix.hpk --key k.pub.pem").good();
}

#[test]
fn all_functions_but_those_named_are_moved() {
    let folder = Folder::new();
    folder.run("keygen --out k.pem").good();
    let build = |except: &[&str]| {
        let mut command = folder.program();
        command
            .arg("build")
            .args([server("old"), server("old")])
            .args("-o all.hpk --key k.pem --id all --all-functions --format json".split(' '))
            .args("--accept HP214 --accept HP217".split(' '));
        Run::of(command.args(except.iter().flat_map(|name| ["--except", name])))
    };
    let all = build(&[]).json();
    let moved = |report: &serde_json::Value, name: &str| {
        let functions = report["functions"].as_array().unwrap();
        functions.iter().any(|f| f == name)
    };
    assert!(moved(&all, "handle_beat"), "{all:#}");
    let others = build(&["handle_beat"]).json();
    assert!(!moved(&others, "handle_beat"), "{others:#}");
    assert!(moved(&others, "main") == moved(&all, "main"));
    let unknown = build(&["handle_bet"]);
    assert_eq!(unknown.exit, Some(2), "{unknown:?}");
}

#[test]
fn the_payload_is_an_ordinary_object() {
    for prefix in ["", "msvc-"] {
        let folder = built(prefix);
        let bytes = folder.read("fix.obj");
        let file = object::File::parse(bytes.as_slice()).unwrap();
        assert_eq!(file.architecture(), object::Architecture::X86_64);
        let defined: Vec<&str> = file
            .symbols()
            .filter(|s| s.is_definition())
            .filter_map(|s| s.name().ok())
            .collect();
        for name in [
            "handle_beat",
            "refuse_beat",
            "gate$handle_beat",
            "old$handle_beat",
        ] {
            assert!(defined.contains(&name), "{name} in {defined:?}");
        }
        let sections: Vec<&str> = file.sections().filter_map(|s| s.name().ok()).collect();
        for name in [".text", ".hpgate", ".hpcall", ".rdata", ".pdata", ".xdata"] {
            assert!(sections.contains(&name), "{name} in {sections:?}");
        }
        let relocations: usize = file.sections().map(|s| s.relocations().count()).sum();
        assert!(relocations > 20, "{relocations}");
    }
}

#[test]
fn every_undefined_symbol_is_explained_by_the_manifest() {
    for prefix in ["", "msvc-"] {
        let folder = built(prefix);
        let manifest = String::from_utf8(folder.read("fix.toml")).unwrap();
        let bytes = folder.read("fix.obj");
        let file = object::File::parse(bytes.as_slice()).unwrap();
        for symbol in file.symbols().filter(|s| s.is_undefined()) {
            let name = symbol.name().unwrap();
            let listed = manifest.contains(&format!("symbol = \"{name}\""));
            assert!(listed || name == "__hotpatch_active", "{name}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn llvm_objdump_shows_the_payload_with_its_relocations() {
    let folder = built("");
    let tool = ["llvm-objdump-19", "llvm-objdump"]
        .into_iter()
        .find(|t| {
            std::process::Command::new(t)
                .arg("--version")
                .output()
                .is_ok()
        })
        .expect("llvm-objdump is needed for this test (Debian: llvm-19)");
    let run = Run::of(
        std::process::Command::new(tool)
            .args(["-dr", "fix.obj"])
            .current_dir(folder.path("")),
    );
    let text = run.good();
    assert!(text.contains("file format coff-x86-64"), "{text}");
    assert!(text.contains("<handle_beat>:"), "{text}");
    assert!(
        text.contains("IMAGE_REL_AMD64_REL32\tserver!reply_start"),
        "{text}"
    );
    assert!(
        text.contains("IMAGE_REL_AMD64_REL32_1\t__hotpatch_active"),
        "{text}"
    );
}

/// Builds a fix whose `struct entry` grew, with a skeleton.
fn with_skeleton(folder: &Folder, new: &str, options: &[&str]) -> Run {
    let mut command = folder.program();
    command
        .arg("build")
        .args([server("old"), server(new)])
        .args("-o fix.hpk --key k.pem --id FIX-1 --hooks-template fix.c".split_whitespace())
        .args(options);
    Run::of(&mut command)
}

#[test]
fn a_skeleton_is_written_though_the_build_is_refused() {
    let folder = Folder::new();
    folder.run("keygen --out k.pem").good();
    let run = with_skeleton(&folder, "new-unpatchable", &["--format", "json"]);
    assert_eq!(run.exit, Some(4), "{run:?}");
    let report = run.json();
    assert!(report["package"].is_null(), "{report:#}");
    let written = serde_json::json!({"path": "fix.c", "types": ["entry"], "members": 1});
    assert_eq!(report["hooks_template"], written);
    let text = String::from_utf8(folder.read("fix.c")).unwrap();
    for part in [
        "#include \"hotpatch.h\"",
        "typedef unsigned long long entry_last_read_t;",
        "entry_last_read_t *entry_last_read(const void *object)",
        " *     store_get\n",
        "HOTPATCH_HOOK(before_apply)",
        "HOTPATCH_HOOK(after_apply)",
        "HOTPATCH_HOOK(before_revert)",
        "HOTPATCH_HOOK(after_revert)",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // What is said for a person, and that nothing is written twice.
    let again = with_skeleton(&folder, "new-unpatchable", &[]);
    assert!(again.failed(2).contains("exists already"), "{again:?}");
    std::fs::remove_file(folder.path("fix.c")).unwrap();
    let run = with_skeleton(&folder, "new-unpatchable", &[]);
    assert_eq!(run.exit, Some(4), "{run:?}");
    let said = "Wrote fix.c: hooks, and 1 new members to attach to objects of entry.";
    assert!(run.stdout.contains(said), "{run:?}");
    assert!(run.stdout.contains("HP305"), "{run:?}");
}

#[test]
fn a_skeleton_without_types_has_the_hooks() {
    let folder = Folder::new();
    folder.run("keygen --out k.pem").good();
    let report = with_skeleton(&folder, "new", &["--format", "json"]).json();
    assert_eq!(report["hooks_template"]["types"], serde_json::json!([]));
    assert_eq!(report["package"]["id"], "FIX-1");
    let text = String::from_utf8(folder.read("fix.c")).unwrap();
    assert!(text.contains("HOTPATCH_HOOK(after_apply)"), "{text}");
}

#[test]
fn the_skeleton_and_the_package_are_two_files() {
    let folder = Folder::new();
    folder.run("keygen --out k.pem").good();
    let mut command = folder.program();
    command
        .arg("build")
        .args([server("old"), server("new")])
        .args("-o one --key k.pem --id X --hooks-template one".split_whitespace());
    let run = Run::of(&mut command);
    assert!(run.failed(2).contains("named twice"), "{run:?}");
}
