//! `hotpatch store enable-startup`, as far as it works anywhere.

use super::support::{Run, folder_with_package};

#[test]
fn the_task_of_every_start_can_be_written_for_other_machines() {
    let folder = folder_with_package();
    let args = [
        "store",
        "enable-startup",
        "--xml",
        "task.xml",
        "--every",
        "2m",
        "--from",
        r"\\files\our patches",
    ];
    let report = Run::of(folder.program().args(args).args(["--format", "json"])).json();
    assert_eq!(report["schema"], "hotpatch.startup/1");
    assert!(report["enabled"].is_null());
    let command = r#""C:\Program Files\hotpatch\hotpatch.exe" sync --quiet --every 120s --from "\\files\our patches""#;
    assert_eq!(report["command"], command);
    let bytes = folder.read("task.xml");
    assert_eq!(bytes[..4], [0xff, 0xfe, b'<', 0]);
    let text = Run::of(folder.program().args(args));
    assert!(
        text.good().contains(command) && text.good().contains("schtasks /Create"),
        "{text:?}"
    );
    for bad in [
        &["store", "enable-startup", "--program", "x.exe"][..],
        &[
            "store",
            "enable-startup",
            "--xml",
            "task.xml",
            "--every",
            "0s",
        ],
    ] {
        Run::of(folder.program().args(bad)).failed(2);
    }
}
