//! What is refused, and with which exit code.

use super::hotpatch::hotpatch;
use super::package::PackageFile;
use super::target::Answer;

#[test]
fn another_build_is_another_image() {
    let mut target = Answer::start();
    let pid = target.pid().to_string();
    let package = PackageFile::with(|m| m.target.pdb_age += 1);
    for verb in ["check", "apply"] {
        let run = hotpatch(&[
            verb,
            "--pid",
            &pid,
            &package.path(),
            "--key",
            &package.key(),
        ]);
        assert_eq!((run.code, run.outcome()), (6, "refused"), "{run:?}");
        assert_eq!(run.codes(), ["HP502"]);
    }
    let package = PackageFile::with(|m| m.target.file_name = "other.exe".to_owned());
    let run = hotpatch(&[
        "check",
        "--pid",
        &pid,
        &package.path(),
        "--key",
        &package.key(),
    ]);
    assert_eq!((run.code, run.codes()), (6, vec!["HP501"]));
    let package = PackageFile::with(|m| m.functions[0].ranges[0].sha256 = "00".repeat(32));
    let run = hotpatch(&[
        "apply",
        "--pid",
        &pid,
        &package.path(),
        "--key",
        &package.key(),
    ]);
    assert_eq!((run.code, run.codes()), (6, vec!["HP504"]));
    assert_eq!(target.ask().version(), 1);
}

#[test]
fn a_file_replaced_on_disk_is_only_noted() {
    let target = Answer::start();
    let pid = target.pid().to_string();
    let package = PackageFile::with(|m| m.target.authenticode_sha256 = "00".repeat(32));
    let run = hotpatch(&[
        "check",
        "--pid",
        &pid,
        &package.path(),
        "--key",
        &package.key(),
    ]);
    assert_eq!((run.code, run.codes()), (0, vec!["HP503"]));
}

#[test]
fn an_untrusted_signature_is_refused_before_the_process_is_opened() {
    let package = PackageFile::new();
    let run = hotpatch(&[
        "apply",
        "--pid",
        "4",
        &package.path(),
        "--key",
        &package.other_key(),
    ]);
    assert_eq!(run.code, 5, "{run:?}");
    assert_eq!(run.json["schema"], "hotpatch.error/1");
}

#[test]
fn processes_that_cannot_be_opened_are_errors_with_a_hint() {
    let package = PackageFile::new();
    let own = std::process::id().to_string();
    for pid in ["999999", "0"] {
        let run = hotpatch(&[
            "apply",
            "--pid",
            pid,
            &package.path(),
            "--key",
            &package.key(),
        ]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.json["hint"].is_string(), "{run:?}");
    }
    // The test program itself is a process without the module.
    let run = hotpatch(&[
        "check",
        "--pid",
        &own,
        &package.path(),
        "--key",
        &package.key(),
    ]);
    assert_eq!((run.code, run.codes()), (6, vec!["HP501"]));
}

#[test]
fn fibers_are_refused() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    target.tell("fiber");
    let pid = target.pid().to_string();
    let args = ["--pid", &pid, &package.path(), "--key", &package.key()];
    let run = hotpatch(&[&["apply"], &args[..]].concat());
    assert_eq!((run.code, run.codes()), (4, vec!["HP519"]), "{run:?}");
    assert_eq!(target.ask().version(), 1);
}

#[test]
fn another_patch_of_the_same_functions_is_named() {
    let mut target = Answer::start();
    let pid = target.pid().to_string();
    let (one, two) = (
        PackageFile::new(),
        PackageFile::with(|m| m.patch.id = "three".to_owned()),
    );
    let first = hotpatch(&["apply", "--pid", &pid, &one.path(), "--key", &one.key()]);
    assert_eq!(first.code, 0, "{first:?}");
    let second = hotpatch(&["apply", "--pid", &pid, &two.path(), "--key", &two.key()]);
    assert_eq!((second.code, second.codes()), (4, vec!["HP506"; 4]));
    assert_eq!(target.ask().version(), 2);
}
