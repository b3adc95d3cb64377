//! Attacks on the package: its bytes, its signatures, its place in time and product.

use hotpatch::package::container::{self, Container, Signature};
use hotpatch::package::manifest::External;

use super::desk::{APPROVER, BUILDER, Desk, STRANGER, TESTER, key, package};

const NONE: &str = "";

/// The package for one product is presented on a machine where another one runs; that the
/// process is another build is looked at where the process is, in tests/apply.
#[test]
fn replay_on_another_build() {
    let desk = Desk::new("[[rule]]\nname = \"billing\"\nproducts = [\"billing\"]");
    desk.package(&[BUILDER], |m| m.patch.product = Some("billing".to_owned()));
    desk.passes();
    desk.package(&[BUILDER], |m| m.patch.product = Some("payroll".to_owned()));
    desk.refused_by(&["rules"]);
    desk.package(&[BUILDER], |_| ());
    desk.refused_by(&["rules"]);
}

#[test]
fn downgrade() {
    let desk = Desk::new(NONE);
    desk.seen("2026-01-01T00:00:00Z", 3);
    desk.package(&[BUILDER], |m| m.patch.sequence = 3);
    desk.passes();
    desk.package(&[BUILDER], |m| m.patch.sequence = 2);
    desk.refused_by(&["sequence"]);
    // Neither another case of the name nor a key on the command line helps.
    desk.package(&[BUILDER], |m| {
        m.patch.sequence = 2;
        m.target.file_name = "SERVER.EXE".to_owned();
    });
    desk.refused_by(&["sequence"]);
    let run = desk.run("verify fix.hpk --key builder.pem");
    assert!(run.failed(5).contains("sequence: "), "{run:?}");
}

#[test]
fn revoked_key() {
    let desk = Desk::new(NONE);
    desk.package(&[BUILDER], |_| ());
    desk.passes();
    desk.run("trust revoke builder --reason stolen").good();
    desk.refused_by(&["signature"]);
    let run = desk.run("verify fix.hpk --key builder.pem");
    assert!(run.failed(5).contains("revoked (stolen)"), "{run:?}");
    desk.package(&[BUILDER, TESTER], |_| ());
    desk.passes();
    let stranger = key(STRANGER).public().id();
    desk.run(&format!("trust revoke {stranger}")).good();
    let run = desk.run("trust add stranger.pem");
    assert!(run.failed(1).contains("revoked already"), "{run:?}");
}

#[test]
fn revoked_package() {
    for by_content in [true, false] {
        let desk = Desk::new(NONE);
        desk.package(&[BUILDER], |_| ());
        desk.passes();
        let run = desk.run("verify fix.hpk --format json");
        let sha256 = run.json()["package"]["sha256"].as_str().unwrap().to_owned();
        match by_content {
            true => desk.run("trust revoke fix.hpk").good().to_owned(),
            false => desk
                .run(&format!("trust revoke {sha256}"))
                .good()
                .to_owned(),
        };
        desk.refused_by(&["revoked"]);
        desk.run("verify fix.hpk --key builder.pem").failed(5);
        if by_content {
            // With one more signature it is another file, and still the same package.
            desk.package(&[BUILDER, STRANGER], |_| ());
            desk.refused_by(&["revoked"]);
        }
        desk.package(&[BUILDER], |m| m.patch.sequence = 4);
        desk.passes();
    }
}

#[test]
fn wrong_role() {
    let desk = Desk::new("[[rule]]\nname = \"a\"\nsignatures = { builder = 1, approver = 1 }");
    desk.package(&[BUILDER, APPROVER], |_| ());
    desk.passes();
    desk.package(&[BUILDER, TESTER], |_| ());
    desk.refused_by(&["signatures", "rules"]);
    desk.package(&[BUILDER, STRANGER], |_| ());
    desk.refused_by(&["signatures", "rules"]);
}

#[test]
fn threshold_short_by_one() {
    let desk = Desk::new("[[rule]]\nname = \"a\"\nsignatures = { builder = 1, approver = 2 }");
    desk.package(&[BUILDER, APPROVER, super::desk::SECOND_APPROVER], |_| ());
    desk.passes();
    desk.package(&[BUILDER, APPROVER, STRANGER], |_| ());
    desk.refused_by(&["signatures", "rules"]);
    let run = desk.run("policy check fix.hpk");
    assert!(run.stdout.contains("missing: approver"), "{run:?}");
}

/// Neither in the package nor in the trust store does a key count twice.
#[test]
fn same_key_twice() {
    let desk = Desk::new("[[rule]]\nname = \"a\"\nsignatures = { any = 2 }");
    let honest = package(&[BUILDER, TESTER], |_| ());
    desk.0.write("fix.hpk", &honest);
    desk.passes();
    let one = package(&[BUILDER], |_| ());
    let entry = one[one.len() - 96..].to_vec();
    let mut twice = one.clone();
    let count = one.len() - 100;
    twice[count] = 2;
    twice.extend(&entry);
    desk.0.write("fix.hpk", &twice);
    desk.refused("signed twice");
    desk.0.write("fix.hpk", &one);
    desk.refused_by(&["signatures", "rules"]);
    desk.0
        .write("key.pem", key(BUILDER).to_pem(None).unwrap().as_bytes());
    desk.run("sign fix.hpk --key key.pem").failed(1);
    let copy = desk.0.path("trust").join("copy.pem");
    super::common::write(&copy, key(BUILDER).public().to_pem().as_bytes());
    desk.refused_by(&["signatures", "rules"]);
}

#[test]
fn signature_from_another_package() {
    let desk = Desk::new(NONE);
    let good = package(&[BUILDER], |_| ());
    desk.0.write("fix.hpk", &good);
    desk.passes();
    let mut forged = package(&[STRANGER], |m| m.patch.sequence = 99);
    let at = forged.len() - 100;
    forged.truncate(at);
    forged.extend(&good[good.len() - 100..]);
    desk.0.write("fix.hpk", &forged);
    desk.refused("is not valid");

    // Attached by our own program it is noticed as well.
    desk.0.write(
        "other.hpk",
        &package(&[STRANGER], |m| m.patch.sequence = 99),
    );
    desk.0.write("good.sig", &good[good.len() - 64..]);
    let run = desk.run("sign other.hpk --attach good.sig --public-key builder.pem");
    assert!(run.failed(5).contains("is not a signature of"), "{run:?}");
}

#[test]
fn manifest_and_payload_swapped() {
    let desk = Desk::new(NONE);
    let one = package(&[BUILDER], |_| ());
    let mut renamed = crate::hpk::manifest();
    renamed.externals[0] = External {
        symbol: "server.exe!other".to_owned(),
        ..renamed.externals[0].clone()
    };
    let payload = crate::hpk::payload_with("server.exe!other");
    let two = hotpatch::package::seal(&renamed, &payload, &[key(BUILDER)]).unwrap();
    for good in [&one, &two] {
        desk.0.write("fix.hpk", good);
        desk.passes();
    }
    let (one, two) = (
        Container::parse(&one).unwrap(),
        Container::parse(&two).unwrap(),
    );
    let (of_one, of_two) = (one.unpack().unwrap(), two.unpack().unwrap());
    let mixed = container::unsigned(of_one.manifest(), of_two.payload()).unwrap();
    for signatures in [&one.signatures, &two.signatures] {
        let file = container::attach(mixed.clone(), signatures.clone()).unwrap();
        desk.0.write("fix.hpk", &file);
        desk.refused("is not valid");
    }
    // Even where somebody signs the mixture.
    let signature = Signature {
        key: key(BUILDER).public(),
        bytes: key(BUILDER).sign(&container::message(&mixed)),
    };
    desk.0.write(
        "fix.hpk",
        &container::attach(mixed, vec![signature]).unwrap(),
    );
    desk.refused("the payload is not the one that the manifest describes");
}

#[test]
fn content_of_another_size() {
    let desk = Desk::new(NONE);
    let good = package(&[BUILDER], |_| ());
    let parts = Container::parse(&good).unwrap();
    let (manifest, payload) = (parts.manifest_len as u32, parts.payload_len as u32);
    for (at, size) in [
        (12, manifest - 1),
        (16, payload - 1),
        (16, payload + 1),
        // As much as a payload may have.
        (16, container::MAX_PAYLOAD as u32),
    ] {
        let mut body = parts.signed.to_vec();
        body[at..at + 4].copy_from_slice(&size.to_le_bytes());
        let by = |seed| {
            let signature = Signature {
                key: key(seed).public(),
                bytes: key(seed).sign(&container::message(&body)),
            };
            container::attach(body.clone(), vec![signature]).unwrap()
        };
        // Nothing is unpacked for a stranger.
        desk.0.write("fix.hpk", &by(STRANGER));
        let run = desk.run("verify fix.hpk");
        let stranger = "no trusted key signed the package";
        assert!(run.failed(5).contains(stranger), "{run:?}");
        desk.0.write("fix.hpk", &by(BUILDER));
        desk.refused("does not unpack");
    }
}

#[test]
fn trailing_data() {
    let desk = Desk::new(NONE);
    let good = package(&[BUILDER], |_| ());
    desk.0.write("fix.hpk", &good);
    desk.passes();
    for extra in [&b"\0"[..], b"\n", &good[good.len() - 96..], &good] {
        desk.0.write("fix.hpk", &[&good, extra].concat());
        desk.refused("follow the signature block");
    }
}

/// One key's signature under another key's name; a key that means something to nobody, or
/// to everybody; a signature for another purpose.
#[test]
fn key_confusion() {
    let desk = Desk::new(NONE);
    let good = package(&[STRANGER], |_| ());
    let named = |public: &[u8], message: &[u8], signer: u8| {
        let body = Container::parse(&good).unwrap().signed.to_vec();
        let signature = key(signer).sign(message);
        [&body, &1u32.to_le_bytes()[..], public, &signature].concat()
    };
    let message = Container::parse(&good).unwrap().message();
    let builder = key(BUILDER).public();
    desk.0
        .write("fix.hpk", &named(builder.as_bytes(), &message, BUILDER));
    desk.passes();
    desk.0
        .write("fix.hpk", &named(builder.as_bytes(), &message, STRANGER));
    desk.refused("is not valid");
    // The identity of the group, for which anybody can make signatures.
    let mut identity = [0; 32];
    identity[0] = 1;
    desk.0
        .write("fix.hpk", &named(&identity, &message, STRANGER));
    desk.refused("not a usable Ed25519 key");
    // What the builder's key signed for another purpose: the bare bytes, another header.
    let body = Container::parse(&good).unwrap().signed.to_vec();
    let other = String::from_utf8(message)
        .unwrap()
        .replace("version 2", "version 1");
    for purpose in [body.as_slice(), other.as_bytes()] {
        desk.0
            .write("fix.hpk", &named(builder.as_bytes(), purpose, BUILDER));
        desk.refused("is not valid");
    }
    // A role is not bought with a name: names are the policy's, not the package's.
    desk.0.write("fix.hpk", &good);
    desk.refused_by(&["signature"]);
}
