//! `hotpatch completions`. Real shells judge the scripts in `tests/shells/run.sh`.

use super::support::Folder;

const SHELLS: [&str; 4] = ["bash", "zsh", "fish", "powershell"];

#[test]
fn each_script_has_every_command_and_none_that_is_hidden() {
    let folder = Folder::new();
    for shell in SHELLS {
        let run = folder.run(&format!("completions {shell}"));
        let script = run.good();
        for word in ["completions", "rollback", "checkpoint", "max-freeze"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        assert!(!script.contains("watchdog"), "{shell}");
    }
}

#[test]
fn the_script_is_the_same_in_json() {
    let folder = Folder::new();
    for (shell, name) in SHELLS.iter().zip([
        "hotpatch.bash",
        "_hotpatch",
        "hotpatch.fish",
        "_hotpatch.ps1",
    ]) {
        let json = folder.run(&format!("completions {shell} --format json"));
        json.good();
        let json = json.json();
        assert_eq!(json["shell"], *shell);
        assert_eq!(json["file_name"], name);
        let script = folder.run(&format!("completions {shell}"));
        assert_eq!(json["script"], script.good());
    }
}

#[test]
fn an_unknown_shell_is_a_usage_error_that_names_the_known_ones() {
    let run = Folder::new().run("completions tcsh");
    assert!(run.failed(2).contains("bash, zsh, fish, powershell"));
}
