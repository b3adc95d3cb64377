//! Logs that somebody, or a loss of power, has changed.

use hotpatch::ops::audit::{MAX_LINE, seal as sealed};

use super::{folder, json, run};

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let lines = bytes.split_inclusive(|b| *b == b'\n');
    lines.map(<[u8]>::to_vec).collect()
}

#[test]
fn a_removed_line_is_found_where_it_was() {
    let folder = folder(3);
    let mut lines = lines(&folder.read("audit.jsonl"));
    lines.remove(3);
    folder.write("audit.jsonl", &lines.concat());
    let found = json(&folder, "verify", 5);
    assert_eq!(
        (&found["outcome"], &found["exit_code"]),
        (&"broken".into(), &5.into())
    );
    let problem = &found["problems"][0];
    assert_eq!(
        (&problem["line"], &problem["record"]),
        (&4.into(), &4.into())
    );
    assert_eq!(
        (&problem["expected"], &problem["found"]),
        (&"record 4".into(), &"record 5".into())
    );
    let text = run(&folder, "verify").stdout;
    assert!(text.contains("line 4: number"), "{text}");
}

#[test]
fn a_changed_word_is_found_and_stops_the_next_writer_if_it_is_in_the_last_line() {
    let folder = folder(1);
    let text = String::from_utf8(folder.read("audit.jsonl")).unwrap();
    let mut changed: Vec<String> = text.lines().map(|l| format!("{l}\n")).collect();
    changed[2] = changed[2].replacen("refused", "applied", 1);
    folder.write("audit.jsonl", changed.concat().as_bytes());
    let found = json(&folder, "verify", 5);
    assert_eq!(found["problems"][0]["kind"], "changed");
    assert_eq!(found["problems"][0]["line"], 3);
    let stopped = run(&folder, "checkpoint --key 1.pem -o kept.json");
    assert!(
        stopped.failed(1).contains("hotpatch audit rotate"),
        "{stopped:?}"
    );
    assert!(!folder.path("kept.json").exists());
    run(&folder, "rotate --to bad.jsonl").good();
    run(&folder, "checkpoint --key 1.pem").good();
    run(&folder, "verify").good();
}

#[test]
fn a_torn_last_line_is_no_tampering_and_the_next_writer_says_so() {
    let folder = folder(1);
    let whole = folder.read("audit.jsonl");
    folder.write("audit.jsonl", &whole[..whole.len() - 40]);
    let torn = json(&folder, "verify", 0);
    assert_eq!(
        (&torn["torn"]["line"], &torn["records"]),
        (&3.into(), &2.into())
    );
    run(&folder, "checkpoint --key 1.pem").good();
    let verified = json(&folder, "verify", 0);
    assert_eq!(
        (&verified["recovered"], &verified["records"]),
        (&1.into(), &4.into())
    );
    let shown = run(&folder, "show");
    assert!(shown.good().contains("took out a torn line"), "{shown:?}");
}

#[test]
fn hostile_lines_are_no_records_and_cost_no_more_than_their_size() {
    let folder = folder(1);
    let good = folder.read("audit.jsonl");
    let deep = format!(
        r#"{{"schema":{}1{}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let numbers = format!(
        r#"{{"schema":"hotpatch.audit-record/1","number":{}"#,
        "9".repeat(5000)
    );
    for hostile in [
        sealed(&deep),
        sealed(&numbers),
        sealed(r#"{"schema":"hotpatch.audit-record/2","number":4"#),
        [vec![b'['; 40 << 20], b"\n".to_vec()].concat(),
        vec![b'\n'; 5000],
        b"\xff\xfe\n".to_vec(),
    ] {
        folder.write("audit.jsonl", &[&good[..], &hostile].concat());
        let found = json(&folder, "verify", 5);
        assert_eq!(found["problems"][0]["line"], 4);
        assert_eq!(found["problems"][0]["kind"], "not-a-record");
        assert!(found["problems"].as_array().unwrap().len() <= 100);
        assert_eq!(
            json(&folder, "show", 0)["records"]
                .as_array()
                .unwrap()
                .len(),
            3
        );
        run(&folder, "checkpoint --key 1.pem").failed(1);
    }
    // A line that never ends, as a file with a hole.
    folder.write("audit.jsonl", &good);
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(folder.path("audit.jsonl"));
    file.unwrap()
        .set_len(good.len() as u64 + (64 << 20))
        .unwrap();
    let found = json(&folder, "verify", 5);
    assert_eq!(found["problem_count"], 1);
    run(&folder, "checkpoint --key 1.pem").failed(1);
    assert!(good.len() < MAX_LINE);
}

#[test]
fn a_checkpoint_file_that_is_none_is_refused() {
    let folder = folder(1);
    folder.write("x.json", b"{}");
    let refused = run(&folder, "verify --checkpoint x.json");
    assert!(
        refused.failed(1).contains("x.json is not a checkpoint"),
        "{refused:?}"
    );
    folder.write("x.json", "[".repeat(60_000).as_bytes());
    run(&folder, "verify --checkpoint x.json").failed(1);
}
