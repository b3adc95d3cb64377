//! `hotpatch report`, through the program: what the reports of many machines say together.

use serde_json::{Value, json};

use super::support::{Folder, Run};

fn run(folder: &Folder, args: &str) -> Run {
    Run::of(folder.program().args(args.split_whitespace()))
}

/// A process as `sync --report` writes it, in which one CVE is fixed or, since then, open.
fn process(pid: u32, program: &str, state: &str, open_since: Option<&str>) -> Value {
    let open: Vec<Value> = open_since
        .iter()
        .map(|since| json!({"cve": "CVE-2026-1001", "since": since, "seconds": 60}))
        .collect();
    let fixed: &[&str] = if open.is_empty() {
        &["CVE-2026-1001"]
    } else {
        &[]
    };
    json!({
        "pid": pid, "image": format!("C:\\App\\{program}"), "services": ["web"],
        "started": "2026-11-01T00:00:00Z", "state": state,
        "why": format!("{program} is <b>{state}</b>"), "remedy": "restart, it says",
        "as_desired": state == "hotpatched", "cves_fixed": fixed, "cves_open": open,
        "packages": [{
            "id": "fix-1", "module": program, "state": state, "why": "", "withdrawn": null,
            "on_disk": "old", "applied_at": null, "restart_by": null, "deferred_until": null,
        }],
    })
}

fn report(computer: &str, ring: Option<&str>, at: &str, processes: &[Value]) -> String {
    json!({
        "schema": "hotpatch.sync/1", "computer": computer, "ring": ring, "at": at,
        "exit_code": 9, "in_desired_state": processes.iter().all(|p| p["as_desired"] == true),
        "refused": [], "broken": [], "inaccessible": 1, "unanswered": 0, "processes": processes,
    })
    .to_string()
}

/// The time now, as reports have it.
fn now(folder: &Folder) -> String {
    let report = run(folder, "report reports --format json").json();
    report["at"].as_str().unwrap().to_owned()
}

/// A folder in which three machines have left reports.
fn fleet() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("reports")).unwrap();
    let now = now(&folder);
    let put = |name: &str, text: String| {
        folder.write(&format!("reports/{name}.json"), text.as_bytes());
    };
    let early = Some("2026-11-10T00:00:00Z");
    let web = [
        process(4, "server.exe", "failed", early),
        process(8, "SERVER.exe", "exposed", Some("2026-11-20T00:00:00Z")),
        process(12, "server.exe", "hotpatched", None),
    ];
    put("web-1", report("WEB-1", Some("canary"), &now, &web));
    let mail = [process(16, "=mail,1.exe", "hotpatched", None)];
    put("mail", report("mail", None, &now, &mail));
    let old = [process(20, "server.exe", "blocked", early)];
    put(
        "web-2",
        report("web-2", Some("early"), "2026-11-01T00:00:00Z", &old),
    );
    folder
}

#[test]
fn who_is_exposed_to_what_and_since_when_is_said() {
    let folder = fleet();
    let said = run(&folder, "report reports");
    let text = said.good();
    assert!(
        text.ends_with("3 machines: 1 as desired, 2 exposed, 1 STALE; 5 processes, 3 exposed\n"),
        "{text}"
    );
    assert!(text.contains("web-2: no report for "), "{text}");
    assert!(
        text.contains("CVE-2026-1001: fixed in 2, open in 3 on 2 machines"),
        "{text}"
    );
    let report = run(&folder, "report reports --format json").json();
    let exposed: Vec<_> = report["exposures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            (
                e["computer"].as_str().unwrap(),
                e["state"].as_str().unwrap(),
                e["pids"].clone(),
            )
        })
        .collect();
    assert_eq!(
        exposed,
        [
            ("WEB-1", "failed", json!([4, 8])),
            ("web-2", "blocked", json!([20]))
        ]
    );
    assert_eq!(report["exposures"][0]["since"], "2026-11-10T00:00:00Z");
    assert_eq!(report["machines"][1]["stale"], false);
    let rings: Vec<_> = report["rings"].as_array().unwrap().iter().collect();
    assert_eq!(rings.len(), 3);
    assert_eq!(
        (&rings[0]["ring"], &rings[0]["tally"]["exposed"]),
        (&Value::Null, &0.into())
    );
    // A longer time makes nobody stale.
    let lax = run(&folder, "report reports --stale 366d");
    assert!(!lax.good().contains("STALE"), "{lax:?}");
    run(&folder, "report reports --stale 5").failed(2);
    run(&folder, "report no-such").failed(1);
}

#[test]
fn what_is_no_report_is_named_and_stands_in_nobodys_way() {
    let folder = fleet();
    let put = |name: &str, text: &str| {
        folder.write(&format!("reports/{name}"), text.as_bytes());
    };
    let older = report("web-1", Some("canary"), "2026-11-02T00:00:00Z", &[]);
    put("web-1-copy.json", &older);
    let bad = [
        ("", "EOF"),
        ("[]", "invalid"),
        ("{\"schema\":\"hotpatch.sync/2\"}", "hotpatch.sync/2"),
        ("{\"schema\":\"hotpatch.sync/1\"}", "computer"),
        (&older.replace("web-1", ""), "no computer"),
    ];
    for (i, (text, _)) in bad.iter().enumerate() {
        put(&format!("bad-{i}.JSON"), text);
    }
    put("notes.txt", "x");
    std::fs::create_dir(folder.path("reports/folder.json")).unwrap();
    let report = run(&folder, "report reports --format json").json();
    assert_eq!(report["machines"].as_array().unwrap().len(), 3);
    assert_eq!(report["older_reports"], 1);
    let unreadable = report["unreadable"].as_array().unwrap();
    assert_eq!(unreadable.len(), bad.len() + 1, "{unreadable:?}");
    for ((_, why), file) in bad.iter().zip(unreadable) {
        assert!(file["why"].as_str().unwrap().contains(why), "{why}: {file}");
    }
    assert_eq!(report["other_files"].as_array().unwrap().len(), 1);
    let text = run(&folder, "report reports");
    assert!(
        text.good()
            .contains("; 6 of the files NO REPORTS; 1 of the reports OLDER than ")
    );
}

/// A pipe in the folder would keep whoever opens it waiting for ever.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_no_report() {
    let folder = fleet();
    let pipe = folder.path("reports/pipe.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let report = run(&folder, "report reports --format json").json();
    assert_eq!(report["unreadable"][0]["why"], "it is no file");
    let gate = run(
        &folder,
        "rollout gate reports --id fix-1 --ring canary --min 1",
    );
    assert_ne!(gate.exit, Some(0), "{gate:?}");
}

#[test]
fn the_page_loads_nothing_and_runs_nothing_but_its_own_script() {
    let folder = fleet();
    run(&folder, "report reports --html page.html").good();
    let page = String::from_utf8(folder.read("page.html")).unwrap();
    assert!(page.contains("<h1>3 processes are exposed</h1>"));
    assert!(page.contains("default-src 'none'") && page.contains("script-src 'sha256-"));
    assert_eq!(page.matches("<script").count(), 1);
    for outside in [
        "src=", "http:", "https:", "url(", "@import", "<link", "onclick",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    // Nothing is open, and not all is well.
    let at = now(&folder);
    for (name, report) in [
        ("web-1", report("WEB-1", None, "2099-01-01T00:00:00Z", &[])),
        ("web-2", report("web-2", None, &at, &[])),
    ] {
        folder.write(&format!("reports/{name}.json"), report.as_bytes());
    }
    for headline in [
        "and not all have reported",
        "and not all machines are as desired",
    ] {
        run(&folder, "report reports --html calm.html").good();
        let calm = String::from_utf8(folder.read("calm.html")).unwrap();
        assert!(
            calm.contains("<header class=\"risk\">") && calm.contains(headline),
            "{headline}"
        );
        let refusing = report("WEB-1", None, &at, &[]);
        let refusing = refusing.replace("\"refused\":[]", "\"refused\":[{}]");
        folder.write("reports/web-1.json", refusing.as_bytes());
    }
    // What machines say is text.
    assert!(!page.contains("<b>failed") && page.contains("&#60;b&#62;failed"));
}

#[test]
fn a_spreadsheet_gets_a_line_for_each_package_of_each_process() {
    let folder = fleet();
    run(&folder, "report reports --csv out.csv").good();
    let text = String::from_utf8(folder.read("out.csv")).unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[0].starts_with("computer,ring,reported_at,report,program,"));
    assert!(
        lines[1].starts_with("mail,,") && lines[1].contains(",\"'=mail,1.exe\","),
        "{text}"
    );
    assert!(
        lines[2].contains(",fresh,server.exe,C:\\App\\server.exe,4,web,"),
        "{text}"
    );
    assert!(lines[5].contains(",stale,"), "{text}");
}

#[test]
fn scanners_get_a_document_about_each_machine() {
    let folder = fleet();
    let args = "report reports --openvex vex --author Contoso";
    run(&folder, args).good();
    let first = folder.read("vex/web-1.openvex.json");
    let document: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(document["author"], "Contoso");
    let statement = &document["statements"][0];
    assert_eq!(
        (&statement["vulnerability"]["name"], &statement["status"]),
        (&"CVE-2026-1001".into(), &"affected".into())
    );
    assert_eq!(statement["action_statement"], "restart, it says");
    let product = &statement["products"][0];
    assert_eq!(product["@id"], "urn:hotpatch:machine:web-1");
    let mail: Value = serde_json::from_slice(&folder.read("vex/mail.openvex.json")).unwrap();
    assert_eq!(mail["statements"][0]["status"], "fixed");
    // The same reports, the same documents.
    run(&folder, args).good();
    assert_eq!(folder.read("vex/web-1.openvex.json"), first);
    // What is said no more of a machine is not left there; a long name is one of a file.
    let long = "x".repeat(400);
    let now = now(&folder);
    folder.write(
        "reports/web-1.json",
        report("WEB-1", None, &now, &[]).as_bytes(),
    );
    let mail = [process(16, "mail.exe", "hotpatched", None)];
    folder.write(
        "reports/long.json",
        report(&long, None, &now, &mail).as_bytes(),
    );
    run(&folder, args).good();
    assert!(!folder.path("vex/web-1.openvex.json").exists());
    let files = std::fs::read_dir(folder.path("vex")).unwrap();
    assert_eq!(files.count(), 3, "mail, web-2, and the long one");
    run(&folder, "report reports --openvex reports").failed(2);
    run(&folder, "report reports --author Contoso").failed(2);
}

#[test]
fn no_report_is_written_over() {
    let folder = fleet();
    let before = folder.read("reports/mail.json");
    for option in ["--html", "--csv"] {
        run(
            &folder,
            &format!("report reports {option} reports/mail.json"),
        )
        .failed(2);
    }
    assert_eq!(folder.read("reports/mail.json"), before);
    run(&folder, "report reports --html one --csv one").failed(2);
}
