//! 5xx: the target process, found by `check` and `apply` before anything is written.

use super::rules;

rules! {
    /// The module is not loaded.
    MODULE_MISSING = "HP501", Refuse, "module not loaded in the target",
        remedy "Check the PID and the file name of the module that the package was built for.",
        because "No module of the target has the file name and identity that the manifest names.";
}
