//! `hotpatch store enable-startup` on the machine itself. That a task comes and goes is tested
//! where Task Scheduler is asked (`process::scheduler`): the program of the tests is in a folder of
//! whoever runs them, and the system must not run what he can change.

use super::hotpatch::{command, read};
use super::machine::Machine;

#[test]
fn the_system_runs_nothing_that_its_user_can_change() {
    let machine = Machine::new("startup.exe");
    // Its store is another one than the task would have.
    let error = machine.ends(&["store", "enable-startup"], 2);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("HOTPATCH_STORE"),
        "{error}"
    );
    let ends = |arguments: &[&str], code: i32| {
        let mut command = command(arguments);
        command
            .env_remove("HOTPATCH_TRUST")
            .env_remove("HOTPATCH_STORE");
        let run = read(command.output().unwrap());
        assert_eq!(run.code, code, "{run:?}");
        run.json
    };
    let error = ends(&["store", "enable-startup"], 5);
    assert!(
        error["message"].as_str().unwrap().contains("hotpatch.exe"),
        "{error}"
    );
    let report = ends(&["store", "disable-startup"], 0);
    assert_eq!(report["enabled"], false);
}
