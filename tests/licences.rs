//! The licences and the sources of everything that hotpatch is built from are those that
//! `.cargo/deny.toml` allows. `cargo deny` checks the same and more, where it is installed
//! (`tests/advisories.sh`); this works with cargo alone.

#![cfg(unix)]

use std::process::Command;

use serde_json::Value;

/// Whether one of the alternatives of an SPDX expression is allowed.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let part = |licence: &str| {
        let licence = licence.trim_matches(['(', ')', ' ']);
        allowed.iter().any(|a| a == licence)
    };
    // `(A OR B) AND C`: every part needs an alternative that is allowed.
    let group = |group: &str| group.split(" OR ").any(part);
    match expression.contains('(') {
        true => expression.split(" AND ").all(group),
        false => expression
            .split(" OR ")
            .any(|all| all.split(" AND ").all(part)),
    }
}

fn allowed() -> Vec<String> {
    let text = std::fs::read_to_string(".cargo/deny.toml").unwrap();
    let table: toml::Table = text.parse().unwrap();
    let list = table["licenses"]["allow"].as_array().unwrap();
    list.iter()
        .map(|l| l.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_dependency_has_an_allowed_licence_and_is_from_the_registry() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    for manifest in ["Cargo.toml", "tests/fuzz/Cargo.toml"] {
        let output = Command::new(&cargo)
            .args(["metadata", "--locked", "--format-version", "1"])
            .args(["--manifest-path", manifest])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        assert!(packages.len() > 50);
        for package in packages {
            let name = &package["name"];
            let licence = package["license"].as_str().unwrap_or("none");
            assert!(is_allowed(licence, &allowed()), "{name}: {licence}");
            let source = package["source"].as_str();
            let registry = source.is_none_or(|s| s.starts_with("registry+"));
            assert!(registry, "{name}: {source:?}");
        }
    }
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed = ["MIT", "Unicode-3.0"].map(str::to_owned);
    for good in [
        "MIT",
        "MIT/GPL-3.0",
        "GPL-3.0 OR MIT",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
    ] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in [
        "none",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR X) AND GPL-3.0",
    ] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}
