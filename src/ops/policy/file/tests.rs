use super::*;
use crate::package::testing::key;

const ID: &str = "1111111111111111111111111111111111111111111111111111111111111111";

fn refused(text: &str) -> String {
    let error = Policy::from_toml(&format!("format = 1\n{text}")).unwrap_err();
    error.to_string()
}

#[test]
fn everything_can_be_said() {
    let text = format!(
        r#"
        format = 1
        clock_tolerance_s = 60

        [[key]]
        id = "{ID}"
        name = "release desk"
        roles = ["builder", "tester"]

        [[rule]]
        name = "production"
        files = ["server.exe", "*.dll"]
        products = ["billing"]
        keys = ["release desk"]
        signatures = {{ builder = 1, approver = 2, any = 1 }}
        valid_from = "2026-01-01T00:00:00Z"
        valid_to = "2026-12-31T23:59:59+01:00"
        classifications = ["security", "reliability"]
        max_freeze_ms = 50

        [[rule.window]]
        days = ["sat", "sun"]
        from = "22:00"
        to = "04:00"
        clock = "local"

        [[revoked]]
        sha256 = "{ID}"
        on = "2026-02-01T00:00:00Z"
        reason = "laptop lost"
        "#
    );
    let policy = Policy::from_toml(&text).unwrap();
    assert_eq!(policy.rules[0].signatures.approver, 2);
    assert_eq!(
        policy.rules[0].windows[0].to_string(),
        "sat sun 22:00 to 04:00 local time"
    );
    assert_eq!(policy.revoked[0].why(), "revoked (laptop lost)");
    assert!(policy.revocation(&[0x11; 32]).is_some());
    let again = toml::to_string(&policy).unwrap();
    assert_eq!(Policy::from_toml(&again), Ok(policy));
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    assert_eq!(Policy::from_toml("format = 2"), Err(PolicyError::Format(2)));
    assert!(
        Policy::from_toml("")
            .unwrap_err()
            .to_string()
            .contains("format")
    );
    let error = refused("[[rule]]\nname = \"a\"\nsignature = 2");
    assert!(
        error.starts_with("line 4: unknown field `signature`"),
        "{error}"
    );
    assert!(refused("rule = 5").contains("line 2"));
    assert!(refused("[[rule]]\nname = \"a\"\nvalid_from = \"soon\"").contains("2026-02-28T"));
    assert!(refused("[[rule]]\nname = \"a\"\nclassifications = [\"urgent\"]").contains("urgent"));
}

#[test]
fn what_means_nothing_is_refused() {
    let rule = |more: &str| refused(&format!("[[rule]]\nname = \"a\"\n{more}"));
    assert!(rule("signatures = {}").contains("1 to 16"));
    assert!(rule("signatures = { builder = 17 }").contains("1 to 16"));
    assert!(rule("max_freeze_ms = 0").contains("max_freeze_ms"));
    assert!(rule("files = [\"\"]").contains("1 to 256"));
    assert!(rule("[[rule.window]]\nfrom = \"10:00\"\nto = \"10:00\"").contains("window"));
    assert!(rule("[[rule]]\nname = \"a\"").contains("same name"));
    let from_to = "valid_from = \"2026-02-01T00:00:00Z\"\nvalid_to = \"2026-01-01T00:00:00Z\"";
    assert!(rule(from_to).contains("before"));
    assert!(refused("[[key]]\nid = \"AB\"").contains("64 digits"));
    assert!(refused(&format!("[[key]]\nid = \"{ID}\"\n[[key]]\nid = \"{ID}\"")).contains("twice"));
    assert!(refused("[[revoked]]\nsha256 = \"x\"").contains("SHA-256"));
}

#[test]
fn keys_that_it_counts_on_must_exist() {
    let id = key(1).public().id();
    let text = format!(
        "format = 1\n[[key]]\nid = \"{id}\"\nname = \"desk\"\n[[rule]]\nname = \"a\"\nkeys = [\"desk\", \"dsek\"]"
    );
    let policy = Policy::from_toml(&text).unwrap();
    assert_eq!(policy.unknown_keys(&[id]), ["dsek"]);
    assert_eq!(policy.unknown_keys(&[]).len(), 2);
    assert!(policy.rules[0].counts(id, &policy));
    assert!(!policy.rules[0].counts(key(2).public().id(), &policy));
}

#[test]
fn the_example_in_the_readme_is_a_policy() {
    let readme = include_str!("../../../../README.md").replace("\r\n", "\n");
    let start = readme.find("```toml\nformat = 1").unwrap() + "```toml\n".len();
    let example = &readme[start..][..readme[start..].find("```").unwrap()];
    let example = example
        .replace("8c0b…64 hex digits", ID)
        .replace("1f4e…64 hex digits", ID);
    let policy = Policy::from_toml(&example).unwrap();
    // Every field is there.
    let written = toml::to_string(&policy).unwrap();
    for (field, _) in written.lines().filter_map(|line| line.split_once(" = ")) {
        assert!(example.contains(&format!("{field} = ")), "{field}");
    }
}

#[test]
fn the_rollout_in_the_readme_is_one() {
    let readme = include_str!("../../../../README.md").replace("\r\n", "\n");
    let start = readme.find("```toml\n[rollout]").unwrap() + "```toml\n".len();
    let example = &readme[start..][..readme[start..].find("```").unwrap()];
    let example = example.replace("1f4e…64 hex digits", ID);
    let policy = Policy::from_toml(&format!("format = 1\n{example}")).unwrap();
    let rollout = policy.rollout.unwrap();
    assert_eq!(rollout.ring_of("web-1").unwrap().name, "canary");
    assert_eq!((rollout.rings.len(), rollout.approved.len()), (2, 1));
}
