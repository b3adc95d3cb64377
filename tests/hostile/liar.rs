//! A program that says something else about itself than the system does.

use crate::hotpatch::hotpatch;
use crate::target::{Target, package};

const IMAGE: &str = "hostile.exe";

/// The name of a module keeps its file name, so that it is taken for what it is.
const PIPE: &str = r"\\.\pipe\hotpatch-test\hostile.exe";

#[test]
fn a_pipe_that_a_program_names_as_its_file_is_not_opened() {
    let mut target = Target::start();
    let honest = target.check(IMAGE);
    assert_eq!(honest.codes(), [""; 0], "{honest:?}");
    assert_eq!(target.tell(&format!("lie {PIPE}")), "lying");
    let checked = target.check(IMAGE);
    assert_eq!((checked.code, checked.codes()), (0, vec![]), "{checked:?}");
    assert_eq!(target.apply(IMAGE, "30").outcome(), "applied");
    let [package, key] = package(IMAGE);
    let arguments = ["verify", "--pid", &target.pid(), &package, "--key", &key];
    let verified = hotpatch(&arguments);
    assert_eq!(verified.code, 0, "{verified:?}");
    target.status();
    assert_eq!(target.revert().outcome(), "reverted");
    assert_eq!(target.tell("opened"), "0");
}
