//! No bit of a package can be changed, none removed and none added.

use hotpatch::package::{VerifyError, verify};

use super::support::{Folder, folder_with_package, key, package};

#[test]
fn every_bit_and_every_length_in_the_library() {
    let file = package(&[1, 2]);
    let trusted = [key(1).public()];
    let refused_as = |bytes: &[u8]| match verify(bytes, &trusted) {
        Err(VerifyError::NotAPackage(_)) => 1,
        Err(VerifyError::Corrupt(_) | VerifyError::BadSignature(_)) => 5,
        other => panic!("{other:?}"),
    };
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            refused_as(&flipped),
            if bit < 64 { 1 } else { 5 },
            "bit {bit:#x}"
        );
    }
    for size in 0..file.len() {
        assert_eq!(
            refused_as(&file[..size]),
            if size < 8 { 1 } else { 5 },
            "{size:#x}"
        );
    }
    for extra in 1..64 {
        assert_eq!(refused_as(&[&file[..], &vec![0; extra]].concat()), 5);
    }
}

#[test]
fn a_sample_of_bits_and_lengths_in_the_program() {
    let folder = folder_with_package();
    let file = folder.read("fix.hpk");
    folder.run("verify fix.hpk --key 1.pem").good();
    let exit_of = |bytes: &[u8]| {
        folder.write("bad.hpk", bytes);
        let run = folder.run("verify bad.hpk --key 1.pem");
        assert!(run.stdout.is_empty(), "{run:?}");
        run.exit.unwrap()
    };
    let block = file.len() - 100;
    let fields = [
        8,
        11,
        12,
        15,
        16,
        19,
        20,
        block - 1,
        block,
        block + 3,
        block + 4,
        block + 36,
    ];
    for at in fields.into_iter().chain([file.len() - 1]) {
        let mut flipped = file.clone();
        flipped[at] ^= 0x10;
        assert_eq!(exit_of(&flipped), 5, "byte {at:#x}");
    }
    let mut magic = file.clone();
    magic[0] ^= 1;
    assert_eq!(exit_of(&magic), 1);
    for size in [0, 7] {
        assert_eq!(exit_of(&file[..size]), 1, "{size:#x} bytes");
    }
    for size in [8, 19, 20, 21, block, block + 4, file.len() - 1] {
        assert_eq!(exit_of(&file[..size]), 5, "{size:#x} bytes");
    }
    assert_eq!(exit_of(&[&file[..], b"\n"].concat()), 5);
    assert_eq!(exit_of(&[&file[..], &file[..]].concat()), 5);
}

#[test]
fn errors_say_what_and_what_to_do() {
    let folder = folder_with_package();
    let mut newer = folder.read("fix.hpk");
    newer[8] = 3;
    folder.write("newer.hpk", &newer);
    let run = folder.run("verify newer.hpk --key 1.pem");
    assert_eq!(
        run.failed(5),
        "error: newer.hpk is refused\n  \
           caused by: the package is damaged, or of a newer version\n  \
           caused by: container version 3 is not supported, only version 2\n  \
           hint: use the version of hotpatch that built the package, or a later one\n"
    );

    folder.write("text.hpk", b"hello");
    let run = folder.run("verify text.hpk --key 1.pem --format json");
    assert_eq!((run.exit, run.stderr.as_str()), (Some(1), ""));
    let error = run.json();
    assert_eq!(error["schema"], "hotpatch.error/1");
    assert_eq!(error["exit_code"], 1);
    assert_eq!(error["message"], "text.hpk is refused");
    assert!(
        error["causes"][0]
            .as_str()
            .unwrap()
            .starts_with("not a hotpatch package")
    );

    let run = folder.run("verify none.hpk --key 1.pem");
    assert!(
        run.failed(1)
            .starts_with("error: cannot read the package none.hpk\n")
    );
    let run = folder.run("verify fix.hpk --key none.pem");
    assert!(run.failed(1).starts_with("error: cannot read none.pem\n"));
    let run = folder.run("verify fix.hpk --key fix.hpk");
    run.failed(1);
}

#[test]
fn a_command_line_that_is_wrong_is_a_document_too() {
    let folder = Folder::new();
    for args in ["verify --format json", "--format=json verify"] {
        let run = folder.run(args);
        assert_eq!((run.exit, run.stderr.as_str()), (Some(2), ""));
        assert_eq!(run.json()["schema"], "hotpatch.error/1");
        assert_eq!(run.json()["exit_code"], 2);
    }
    assert!(folder.run("verify").failed(2).contains("Usage:"));
}
