//! Who may withdraw packages: whose signatures would be enough to apply them.
//!
//! Of a rule its scope, its keys and its signatures count. Its times don't, nor what it
//! classifies: a list that was taken in holds at any time, and what it stands against is what
//! has been applied already.

use super::decide::{Trusted, called, in_scope_of, signatures};
use super::decision::Verdict;
use super::file::{Policy, Rule};
use crate::package::KeyId;

/// What a list is about.
#[derive(Clone, Copy, Debug)]
pub struct Withdrawal<'a> {
    /// The product.
    pub product: &'a str,
    /// File names of the images that the packages change which it withdraws, or lets go.
    pub files: &'a [&'a str],
    /// The keys that signed it, trusted or not; each once.
    pub signers: &'a [KeyId],
}

/// The keys for whose signatures a list counts.
///
/// # Errors
/// Why it doesn't, in one line.
pub fn may_withdraw(
    list: &Withdrawal<'_>,
    trusted: &Trusted,
    policy: &Policy,
) -> Result<Vec<KeyId>, String> {
    let good = |id: &&KeyId| trusted.keys.contains(id) && policy.revocation(&id.0).is_none();
    let signers: Vec<KeyId> = list.signers.iter().filter(good).copied().collect();
    if signers.is_empty() {
        let by: Vec<String> = list.signers.iter().map(|id| called(*id, policy)).collect();
        return Err(match by.is_empty() {
            true => "nobody has signed it".to_owned(),
            false => format!(
                "no key that is trusted and was not revoked has signed it, but {}",
                by.join(", ")
            ),
        });
    }
    if policy.rules.is_empty() {
        return Ok(signers);
    }
    let files: Vec<Option<&str>> = match list.files {
        // Where nothing is withdrawn, it is about the product all the same.
        [] => vec![None],
        files => files.iter().copied().map(Some).collect(),
    };
    for file in files {
        allowed(list.product, file, &signers, policy)?;
    }
    Ok(signers)
}

/// Whether one rule asks for no more signatures than there are.
fn allowed(
    product: &str,
    file: Option<&str>,
    signers: &[KeyId],
    policy: &Policy,
) -> Result<(), String> {
    let about = |rule: &&Rule| in_scope_of(rule, file, product);
    let what = match file {
        Some(file) => format!("{file:?} of {product:?}"),
        None => format!("the product {product:?}"),
    };
    let mut missing = Vec::new();
    for rule in policy.rules.iter().filter(about) {
        let outcome = signatures(rule, policy, signers);
        if outcome.verdict == Verdict::Holds {
            return Ok(());
        }
        missing.push(format!("rule {:?}: {}", rule.name, outcome.detail));
    }
    Err(match missing.is_empty() {
        true => format!("no rule of the policy speaks of {what}"),
        false => format!("{what}: {}", missing.join("; ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::testing::key;

    fn id(seed: u8) -> KeyId {
        key(seed).public().id()
    }

    /// What is said of a list about the product `billing` that these keys signed; keys 1 to 3
    /// are trusted, 1 as a builder, 2 and 3 as approvers.
    fn ask(rules: &str, files: &[&str], signers: &[u8]) -> Result<Vec<KeyId>, String> {
        let key = |(seed, role): (u8, &str)| {
            let id = id(seed);
            format!("[[key]]\nid = \"{id}\"\nname = \"k{seed}\"\nroles = [\"{role}\"]\n")
        };
        let keys = [(1, "builder"), (2, "approver"), (3, "approver")].map(key);
        let text = format!("format = 1\n{}{rules}", keys.concat());
        let policy = Policy::from_toml(&text).unwrap();
        let trusted = Trusted {
            keys: [1, 2, 3].map(id).to_vec(),
            named: false,
        };
        let signers: Vec<KeyId> = signers.iter().copied().map(id).collect();
        let list = Withdrawal {
            product: "billing",
            files,
            signers: &signers,
        };
        may_withdraw(&list, &trusted, &policy)
    }

    #[test]
    fn without_rules_one_trusted_key_is_enough() {
        assert_eq!(ask("", &["a.exe"], &[1, 9]), Ok(vec![id(1)]));
        for signers in [&[][..], &[9]] {
            assert!(ask("", &["a.exe"], signers).is_err(), "{signers:?}");
        }
    }

    #[test]
    fn a_key_that_was_revoked_withdraws_nothing() {
        let revoked = format!("[[revoked]]\nsha256 = \"{}\"\n", id(1));
        let why = ask(&revoked, &["a.exe"], &[1]).unwrap_err();
        assert!(why.contains("\"k1\""), "{why}");
        assert_eq!(ask(&revoked, &["a.exe"], &[1, 2]), Ok(vec![id(2)]));
    }

    #[test]
    fn a_list_needs_the_signatures_that_its_packages_need() {
        let rule = "[[rule]]\nname = \"four eyes\"\nfiles = [\"a.exe\"]\n\
                    signatures = { builder = 1, approver = 1 }\n\
                    valid_to = \"2000-01-01T00:00:00Z\"\nclassifications = [\"feature\"]\n";
        let why = ask(rule, &["a.exe"], &[1]).unwrap_err();
        assert!(
            why.contains("four eyes") && why.contains("missing: approver"),
            "{why}"
        );
        assert!(ask(rule, &["a.exe"], &[2, 3]).is_err());
        assert!(ask(rule, &["A.EXE"], &[1, 2]).is_ok(), "at any time");
        // Each package is asked about.
        let why = ask(rule, &["a.exe", "b.exe"], &[1, 2]).unwrap_err();
        assert!(
            why.contains("no rule of the policy speaks of \"b.exe\""),
            "{why}"
        );
        // One that withdraws nothing is about the product.
        assert!(ask(rule, &[], &[1]).is_err());
        assert!(ask(rule, &[], &[1, 3]).is_ok());
        let other = rule.replace("files = [\"a.exe\"]", "products = [\"other\"]");
        assert!(ask(&other, &[], &[1, 3]).is_err());
    }

    #[test]
    fn one_rule_is_enough() {
        let rules = "[[rule]]\nname = \"a\"\nsignatures = { approver = 2 }\n\
                     [[rule]]\nname = \"b\"\nkeys = [\"k1\"]\n";
        assert!(ask(rules, &["a.exe"], &[2]).is_err());
        assert!(ask(rules, &["a.exe"], &[2, 3]).is_ok());
        assert!(ask(rules, &["a.exe"], &[1]).is_ok());
    }
}
