//! `verify --pid`: what it proves, and what it finds.

use hotpatch::addr::Va;
use hotpatch::apply::target::{Protection, Target};
use hotpatch::process::{Access, Process};

use super::hotpatch::{Run, hotpatch};
use super::package::PackageFile;
use super::target::Answer;

fn apply(pid: &str, package: &PackageFile) {
    let run = hotpatch(&[
        "apply",
        "--pid",
        pid,
        &package.path(),
        "--key",
        &package.key(),
    ]);
    assert_eq!(run.outcome(), "applied", "{run:?}");
}

fn verify(pid: &str, packages: &[&PackageFile]) -> Run {
    let paths: Vec<String> = packages.iter().map(|p| p.path()).collect();
    let key = packages[0].key();
    let mut arguments = vec!["verify", "--pid", pid, "--key", &key];
    arguments.extend(paths.iter().map(String::as_str));
    hotpatch(&arguments)
}

#[track_caller]
fn proven(run: &Run) {
    assert_eq!((run.code, run.outcome()), (0, "proven"), "{run:?}");
    assert_eq!(run.codes(), [""; 0], "{run:?}");
}

/// An address of a report.
fn address(value: &serde_json::Value) -> Va {
    Va(u64::from_str_radix(&value.as_str().unwrap()[2..], 16).unwrap())
}

/// Where the redirect at an entry leads.
fn gate_of(process: &Process, entry: Va) -> Va {
    let jump = process.read_vec(entry, 5).unwrap();
    let distance = i32::from_le_bytes(jump[1..].try_into().unwrap());
    Va((entry.0 + 5).wrapping_add_signed(distance.into()))
}

/// Changes a byte of code, looks, and changes it back.
fn with_changed_byte(process: &Process, at: Va, look: impl FnOnce()) {
    let page = Va(at.0 & !0xfff);
    let flip = || {
        let byte = process.read_vec(at, 1).unwrap()[0] ^ 0x01;
        process
            .protect(page, 0x1000, Protection::READ_WRITE)
            .unwrap();
        process.write(at, &[byte]).unwrap();
        process
            .protect(page, 0x1000, Protection::EXECUTE_READ)
            .unwrap();
    };
    flip();
    look();
    flip();
}

#[test]
fn every_byte_of_code_is_accounted_for() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    let pid = target.pid().to_string();
    let before = verify(&pid, &[&package]);
    assert_eq!(
        (before.code, before.codes()),
        (6, vec!["HP541"]),
        "{before:?}"
    );
    apply(&pid, &package);
    let run = verify(&pid, &[&package]);
    proven(&run);
    assert!(run.json["modules"][0]["code_bytes"].as_u64().unwrap() > 0x100);
    assert_eq!(run.json["patches"][0]["redirects"], 4);

    let process = Process::open(target.pid(), Access::Change).unwrap();
    let status = hotpatch(&["status", "--pid", &pid]);
    let patch = &status.json["processes"][0]["patches"][0];
    let entry = address(&patch["functions"][0]["entry"]);

    // In the module, behind the redirect of the first function.
    with_changed_byte(&process, Va(entry.0 + 5), || {
        let run = verify(&pid, &[&package]);
        assert_eq!((run.code, run.codes()), (6, vec!["HP543"]), "{run:?}");
        let finding = &run.json["findings"][0];
        assert_eq!(finding["subject"], "first", "{run:?}");
        let detail = finding["detail"].as_str().unwrap();
        assert!(detail.contains("expected c3, found c2"), "{detail}");
    });
    // In the payload: its gate.
    let gate = gate_of(&process, entry);
    with_changed_byte(&process, Va(gate.0 + 8), || {
        let run = verify(&pid, &[&package]);
        assert_eq!((run.code, run.codes()), (6, vec!["HP543"]), "{run:?}");
    });
    // Pages that could be changed.
    let page = Va(gate.0 & !0xfff);
    process.protect(page, 0x1000, Protection(0x40)).unwrap();
    let run = verify(&pid, &[&package]);
    assert_eq!((run.code, run.codes()), (6, vec!["HP544"]), "{run:?}");
    process
        .protect(page, 0x1000, Protection::EXECUTE_READ)
        .unwrap();
    // A patch that nobody approved.
    let other = PackageFile::with(|m| m.patch.title = None);
    let run = verify(&pid, &[&other]);
    assert_eq!(run.code, 5, "{run:?}");
    assert!(run.codes().contains(&"HP540"), "{run:?}");

    proven(&verify(&pid, &[&package]));
    assert_eq!(target.ask().version(), 2);
}

#[test]
fn memory_that_was_kept_is_proven_or_said_not_to_be() {
    let mut target = Answer::start();
    let package = PackageFile::new();
    let pid = target.pid().to_string();
    apply(&pid, &package);
    let process = Process::open(target.pid(), Access::Change).unwrap();
    let status = hotpatch(&["status", "--pid", &pid]);
    let patch = &status.json["processes"][0]["patches"][0];
    let gate = gate_of(&process, address(&patch["functions"][0]["entry"]));
    // The program keeps an address in the patch.
    let mut places = (0x6000_0000..0x7000_0000).step_by(0x1_0000).map(Va);
    let held = places.find(|at| process.allocate(*at, 0x1000).is_ok());
    let held = held.unwrap();
    process.write(held, &(gate.0 + 2).to_le_bytes()).unwrap();
    let reverted = hotpatch(&["revert", "--pid", &pid]);
    assert_eq!(reverted.codes(), ["HP518"], "{reverted:?}");
    assert_eq!(target.ask().version(), 1);

    let status = hotpatch(&["status", "--pid", &pid]);
    let kept = &status.json["processes"][0]["kept"];
    let at = address(&kept[0]["region"]);
    let image = status.json["processes"][0]["image"].as_str().unwrap();
    let look = ["verify", "--pid", &pid];
    let unproven = hotpatch(&[&look[..], &["--image", image]].concat());
    assert_eq!(
        (unproven.code, unproven.outcome(), unproven.codes()),
        (9, "kept-unproven", vec!["HP545"]),
        "{unproven:?}"
    );
    let said = &unproven.json["kept"][0];
    assert_eq!(
        (address(&said["region"]), &said["proven"]),
        (at, &false.into())
    );
    assert_eq!(said["package_sha256"], kept[0]["package_sha256"]);
    let (path, key) = (package.path(), package.key());
    let with_package = [&look[..], &["--kept", &path, "--key", &key]].concat();
    let whole = hotpatch(&with_package);
    proven(&whole);
    assert_eq!(whole.json["kept"][0]["proven"], true, "{whole:?}");
    assert_eq!(whole.json["modules"].as_array().unwrap().len(), 1);
    // It is not in effect, and its bytes count.
    let run = verify(&pid, &[&package]);
    assert_eq!((run.code, run.codes()), (6, vec!["HP541"]), "{run:?}");
    with_changed_byte(&process, Va(gate.0 + 8), || {
        let run = hotpatch(&with_package);
        assert_eq!((run.code, run.codes()), (6, vec!["HP543"]), "{run:?}");
        assert_eq!(run.json["kept"][0]["proven"], false, "{run:?}");
    });
    process.free(held).unwrap();
    let recovered = hotpatch(&["recover", "--pid", &pid]);
    assert_eq!(recovered.outcome(), "recovered", "{recovered:?}");
    let gone = hotpatch(&with_package);
    proven(&gone);
    assert_eq!(gone.json["kept"], serde_json::json!([]), "{gone:?}");
}

#[test]
fn what_was_replaced_has_to_be_approved_too() {
    let mut target = Answer::start();
    target.tell("threads 2");
    let pid = target.pid().to_string();
    let first = PackageFile::new();
    let second = PackageFile::with(|m| {
        m.patch.id = "three".to_owned();
        m.patch.sequence = 3;
    });
    apply(&pid, &first);
    let key = second.key();
    let run = hotpatch(&["apply", "--pid", &pid, &second.path(), "--key", &key]);
    assert_eq!(run.outcome(), "applied", "{run:?}");
    assert_eq!(run.json["replaced"], serde_json::json!(["two"]));
    assert_eq!(target.ask().version(), 2);
    proven(&verify(&pid, &[&second, &first]));
    let alone = verify(&pid, &[&second]);
    assert_eq!(alone.code, 5, "{alone:?}");

    let back = hotpatch(&["rollback", "--pid", &pid]);
    assert_eq!(back.outcome(), "rolled-back", "{back:?}");
    assert_eq!(back.json["active_again"], serde_json::json!(["two"]));
    proven(&verify(&pid, &[&first]));
    let none = hotpatch(&["rollback", "--pid", &pid]);
    assert_eq!((none.code, none.codes()), (4, vec!["HP528"]), "{none:?}");
    let clean = hotpatch(&["recover", "--pid", &pid]);
    assert_eq!(clean.outcome(), "clean", "{clean:?}");
    let reverted = hotpatch(&["revert", "--pid", &pid]);
    assert_eq!(reverted.outcome(), "reverted", "{reverted:?}");
    assert_eq!(target.ask().version(), 1);
}

#[test]
fn several_processes_are_checked_each_on_its_own() {
    let targets = [Answer::start(), Answer::start()];
    let package = PackageFile::new();
    let (path, key) = (package.path(), package.key());
    for which in [&["--name", "answer"][..], &["--all"]] {
        let run = hotpatch(&[&["check"], which, &[&path, "--key", &key]].concat());
        assert_eq!(run.json["schema"], "hotpatch.targets/1", "{run:?}");
        let list = run.json["targets"].as_array().unwrap();
        for target in &targets {
            let mut found = list.iter().filter(|t| t["pid"] == target.pid());
            let report = &found.next().expect("a report of its own")["report"];
            assert_eq!(report["outcome"], "ready", "{run:?}");
        }
    }
    let nobody = hotpatch(&["check", "--name", "nobody.exe", &path, "--key", &key]);
    assert_eq!(nobody.code, 1, "{nobody:?}");
    assert!(
        nobody.json["message"]
            .as_str()
            .unwrap()
            .contains("nobody.exe")
    );
}
