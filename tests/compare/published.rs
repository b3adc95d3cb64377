//! What is published with the program and made by it: JSON Schemas and the page of findings.
//!
//! `HOTPATCH_UPDATE=1 cargo test --test compare published` writes them anew.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Folder, Run};
use super::{diff, fixture, server};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a committed file with what the program prints, or writes it.
fn check(path: &str, text: &str) {
    let file = root(path);
    if std::env::var_os("HOTPATCH_UPDATE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let same = committed.replace("\r\n", "\n") == text;
    assert!(
        same,
        "{path} is not what the program prints: run HOTPATCH_UPDATE=1 cargo test --test compare published"
    );
}

fn schema(name: &str) -> Value {
    Folder::new().run(&format!("schema {name}")).json()
}

fn names() -> Vec<String> {
    let run = Folder::new().run("schema");
    run.good().lines().map(str::to_owned).collect()
}

#[test]
fn schemas_are_up_to_date() {
    for name in names() {
        let run = Folder::new().run(&format!("schema {name}"));
        check(&format!("examples/schemas/{name}.json"), run.good());
    }
}

#[test]
fn the_page_of_findings_is_up_to_date() {
    let run = Folder::new().run("explain --all --format markdown");
    check("examples/findings.md", run.good());
    let page = run.good();
    let json = Folder::new().run("explain --all --format json").json();
    for rule in json["rules"].as_array().unwrap() {
        let heading = format!("\n## {}\n", rule["code"].as_str().unwrap());
        assert!(page.contains(&heading), "{heading}");
    }
}

#[test]
fn an_unknown_report_is_a_usage_error() {
    let run = Folder::new().run("schema nonsense");
    assert!(run.failed(2).contains("nonsense"), "{run:?}");
}

/// As `sync --report` leaves it.
const REPORT_OF_A_MACHINE: &str = r#"{
    "schema": "hotpatch.sync/1", "computer": "a", "ring": null, "at": "2026-11-28T12:00:00Z",
    "exit_code": 9, "in_desired_state": false, "refused": [], "broken": [], "inaccessible": 0,
    "unanswered": 0, "processes": [{
        "pid": 4, "image": "C:\\a.exe", "services": [], "started": "2026-11-01T00:00:00Z",
        "state": "exposed", "why": "", "remedy": null, "as_desired": false, "cves_fixed": [],
        "cves_open": [{"cve": "CVE-1", "since": "2026-11-02T00:00:00Z", "seconds": 1}],
        "packages": []
    }]
}"#;

#[test]
fn documents_are_what_their_schemas_say() {
    let show_all = ["--format", "json", "--side-by-side"];
    for (old, new) in [
        (server("old"), server("new")),
        (server("old"), server("new-unpatchable")),
        (
            fixture("noise/old/noise.exe"),
            fixture("noise/new/noise.exe"),
        ),
        (fixture("refused/x86.exe"), fixture("refused/x86.exe")),
    ] {
        valid("diff", &diff(&old, &new, &show_all).json());
    }
    let folder = Folder::new();
    let image = server("old");
    let coverage = Run::of(
        folder
            .program()
            .arg("coverage")
            .arg(image)
            .args(["--format", "json"]),
    );
    valid("coverage", &coverage.json());
    valid("explain", &folder.run("explain --all --format json").json());
    valid("error", &folder.run("diff a b --format json").json());
    valid(
        "keygen",
        &folder.run("keygen --out k.pem --format json").json(),
    );
    let build = Run::of(
        folder
            .program()
            .arg("build")
            .args([server("old"), server("new")])
            .args("-o x.hpk --key k.pem --id X --format json".split_whitespace()),
    );
    valid("build", &build.json());
    valid(
        "verify",
        &folder
            .run("verify x.hpk --key k.pub.pem --format json")
            .json(),
    );
    std::fs::create_dir(folder.path("reports")).unwrap();
    folder.write("reports/a.json", REPORT_OF_A_MACHINE.as_bytes());
    let startup = "store enable-startup --xml task.xml --format json";
    valid("startup", &folder.run(startup).json());
    valid("report", &folder.run("report reports --format json").json());
    valid("inspect", &folder.run("inspect x.hpk --format json").json());
    let export = "export x.hpk --key k.pem --as in-toto -o x.json --format json";
    valid("export", &folder.run(export).json());
}

#[test]
fn audit_documents_are_what_their_schemas_say() {
    use hotpatch::ops::audit::{Attempt, Ending, Facts, Log, refused};

    let folder = Folder::new();
    folder.run("keygen --out k.pem").good();
    let log = Log::at(folder.path("log"));
    let facts = || Facts::new("apply").pid(1).patch(Some("X"));
    let attempt = Attempt::begin(&log, facts()).unwrap();
    attempt.end(&Ending::default()).unwrap();
    refused(&log, facts(), &Ending::default()).unwrap();
    let run = |args: &str| {
        let args = format!("audit {args} --audit-log log --format json");
        folder.run(&args).json()
    };
    valid("audit-checkpoint", &run("checkpoint --key k.pem"));
    let show = run("show");
    valid("audit-show", &show);
    for shown in show["records"].as_array().unwrap() {
        valid("audit-record", &shown["record"]);
    }
    valid("audit-verify", &run("verify"));
    valid("audit-rotate", &run("rotate --to old"));
    let mut bytes = folder.read("log");
    bytes[40] ^= 1;
    folder.write("log", &bytes);
    valid("audit-verify", &run("verify"));
}

#[test]
fn documents_about_the_command_line_are_what_their_schemas_say() {
    let folder = Folder::new();
    let completions = folder.run("completions bash --format json");
    valid("completions", &completions.json());
    valid("man", &folder.run("man pages --format json").json());
}

#[test]
fn documents_about_a_machine_are_what_their_schemas_say() {
    use hotpatch::moment::Moment;
    use hotpatch::ops::desired::facts::{ModuleFacts, ProcessFacts};
    use hotpatch::ops::desired::{Candidate, Permit, Probe, Settings, judge};
    use hotpatch::ops::policy::SyncPolicy;
    use hotpatch::ops::store::{Ledger, Outcomes, Quarantine};
    use hotpatch::package::open_unverified;
    use hotpatch::report::machine::{ListReport, MachineReport, ProcessState};
    use hotpatch::report::store::BrokenPackage;
    use hotpatch::report::sync::{ActionReport, IncomingList, Mode, SyncReport};

    let folder = Folder::new();
    let run = |args: &[&str]| {
        let mut program = folder.program();
        program
            .env("HOTPATCH_TRUST", folder.path("trust"))
            .env("HOTPATCH_STORE", folder.path("store"));
        let run = Run::of(program.args(args).args(["--format", "json"]));
        run.good();
        run.json()
    };
    run(&["keygen", "--out", "k.pem"]);
    run(&["trust", "add", "k.pub.pem"]);
    let (old, new) = (server("old"), server("new"));
    let images = [old.to_str().unwrap(), new.to_str().unwrap()];
    let build = [
        "-o",
        "x.hpk",
        "--key",
        "k.pem",
        "--id",
        "X",
        "--cve",
        "CVE-2026-1001",
    ];
    run(&[&["build"], &images[..], &build[..]].concat());
    run(&["store", "add", "x.hpk"]);
    let write = ["withdraw", "write", "--key", "k.pem", "-o", "x.hpw"];
    let what = ["x.hpk", "--reason", "leaks", "--expires", "9000-01-01"];
    valid("withdraw", &run(&[&write[..], &what].concat()));
    run(&["store", "add", "x.hpw"]);
    valid("rollout", &run(&["rollout", "explain", "X"]));
    run(&["store", "pause", "--program", "a.exe", "--reason", "b"]);
    valid("store", &run(&["store", "hold", "X", "--reason", "c"]));

    let bytes = folder.read("x.hpk");
    let package = open_unverified(&bytes).unwrap();
    let now = Moment::now();
    let candidate = Candidate::new(&package, now, None, Permit::Allowed);
    let process = ProcessFacts {
        image: "server.exe".to_owned(),
        services: vec!["billing".to_owned()],
        modules: vec![ModuleFacts {
            name: candidate.file_name.clone(),
            build: Some(candidate.build.clone()),
            file: None,
        }],
        ..ProcessFacts::default()
    };
    let settings = Settings {
        now,
        ledger: &Ledger::default(),
        policy: &SyncPolicy::default(),
        outcomes: &Outcomes::default(),
        lists: &[],
    };
    let stock = [candidate];
    let verdict = judge(&process, &stock, &settings, &mut |_| Probe::Ready).unwrap();
    let machine = || {
        let mut machine = MachineReport {
            processes: vec![ProcessState::new(&process, &verdict)],
            ..MachineReport::default()
        };
        machine.count();
        machine
    };
    let list = ListReport::new(machine());
    valid("list", &serde_json::to_value(&list).unwrap());
    let sync = SyncReport {
        schema: "hotpatch.sync/1",
        computer: "lab-7".to_owned(),
        ring: Some("canary".to_owned()),
        at: now,
        mode: Mode::WhatIf,
        exit_code: 0,
        in_desired_state: false,
        added: vec!["X".to_owned()],
        lists: vec![IncomingList {
            product: "billing".to_owned(),
            sequence: 1,
        }],
        refused: vec![BrokenPackage {
            path: "y.hpk".to_owned(),
            sha256: String::new(),
            why: "damaged".to_owned(),
        }],
        actions: vec![ActionReport {
            pid: 1,
            image: "server.exe".to_owned(),
            action: "apply",
            package_id: Some("X".to_owned()),
            package_sha256: None,
            outcome: None,
            exit_code: None,
            error: Vec::new(),
            frozen_us: 0,
            unpatched_ms: Some(1),
            is_new: true,
        }],
        quarantined: vec![Quarantine {
            package: "ab".repeat(32),
            program: "server.exe".to_owned(),
            since: now,
            reason: "it ended".to_owned(),
        }],
        machine: machine(),
    };
    let sync = serde_json::to_value(&sync).unwrap();
    valid("sync", &sync);
    std::fs::create_dir(folder.path("reports")).unwrap();
    folder.write("reports/lab-7.json", sync.to_string().as_bytes());
    let mut gate = folder.program();
    gate.args("rollout gate reports --id X --ring canary --format json".split(' '));
    valid("gate", &Run::of(&mut gate).json());
}

fn valid(name: &str, document: &Value) {
    let schema = schema(name);
    if let Err(problem) = validate(&schema, &schema, document) {
        panic!("{name}: {problem}\n{document:#}");
    }
}

/// A schema that also has the fields that another one describes beside it.
fn joined(schema: &Value, beside: &Value) -> Value {
    let mut joined = schema.clone();
    for (name, described) in beside["properties"].as_object().into_iter().flatten() {
        joined["properties"][name] = described.clone();
    }
    for name in beside["required"].as_array().into_iter().flatten() {
        if let Some(required) = joined["required"].as_array_mut() {
            required.push(name.clone());
        }
    }
    joined
}

/// As much of JSON Schema as the published schemas use; no property may be undescribed.
fn validate(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        let target = root.pointer(pointer).ok_or("a dangling $ref")?;
        return validate(root, &joined(target, schema), value);
    }
    for word in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[word].as_array() {
            let fits = choices
                .iter()
                .any(|c| validate(root, &joined(c, schema), value).is_ok());
            return fits.then_some(()).ok_or(format!("{value} fits no choice"));
        }
    }
    if schema.get("const").is_some_and(|c| c != value) {
        return Err(format!("{value} is not {}", schema["const"]));
    }
    let choices = schema["enum"].as_array();
    if choices.is_some_and(|c| !c.contains(value)) {
        return Err(format!("{value} is not in {}", schema["enum"]));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let actual = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.is_empty() && !types.contains(&actual) {
        return Err(format!("{value} is of type {actual}, not {types:?}"));
    }
    if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
        list.iter().try_for_each(|v| validate(root, items, v))?;
    }
    let Some(fields) = value.as_object() else {
        return Ok(());
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap_or("");
        fields.get(name).ok_or(format!("{name} is missing"))?;
    }
    for (name, field) in fields {
        match &schema["properties"][name] {
            Value::Null if schema.get("additionalProperties").is_some() => {}
            Value::Null => return Err(format!("{name} is not described")),
            described => {
                validate(root, described, field).map_err(|e| format!("{name}: {e}"))?;
            }
        }
    }
    Ok(())
}
