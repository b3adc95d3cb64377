//! What the other tests rely on: that they can start the built program and exchange
//! files with it, natively and under Wine (where the program's path, baked in at
//! compile time, is a Unix path).

#[path = "support/start.rs"]
mod start;

use std::process::Command;

#[test]
fn the_built_program_starts() {
    let program = || Command::new(env!("CARGO_BIN_EXE_hotpatch"));
    let output = start::started(|| program().arg("--version").output());
    let output = output.expect("hotpatch starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        concat!("hotpatch ", env!("CARGO_PKG_VERSION"))
    );
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn exit_codes_arrive() {
    let program = || Command::new(env!("CARGO_BIN_EXE_hotpatch"));
    let output = start::started(|| program().arg("--no-such-option").output());
    let output = output.expect("hotpatch starts");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn temporary_files_work() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("file.bin");
    std::fs::write(&path, b"content").expect("write");
    assert_eq!(std::fs::read(&path).expect("read"), b"content");
}

#[test]
fn fixtures_are_found_from_the_package_root() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(root.join("Cargo.toml").is_file(), "{}", root.display());
}
