//! The report of `hotpatch store enable-startup` and `disable-startup`.

use schemars::JsonSchema;
use serde::Serialize;

use super::sanitize::line;

/// The scheduled task that runs `sync` from the start of the machine on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StartupReport {
    /// `hotpatch.startup/1`
    pub schema: &'static str,
    /// Name of the task.
    pub task: &'static str,
    /// Whether it is registered on this machine now; null where it was only written to a file.
    pub enabled: Option<bool>,
    /// What it runs; null where it is removed.
    pub command: Option<String>,
    /// The file that it was written to; null where it was registered or removed.
    pub xml: Option<String>,
}

impl StartupReport {
    /// The task, and whether it is registered.
    pub fn new(task: &'static str, enabled: Option<bool>) -> Self {
        StartupReport {
            schema: "hotpatch.startup/1",
            task,
            enabled,
            command: None,
            xml: None,
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let command = line(self.command.as_deref().unwrap_or_default());
        match (&self.xml, self.enabled) {
            (Some(file), _) => format!(
                "{} has a task that runs, as the system, after each start:\n  {command}\nregister \
                 it as an administrator: schtasks /Create /TN {} /XML {}\n",
                line(file),
                self.task,
                line(file)
            ),
            (None, Some(true)) => format!(
                "the task {} runs, as the system, now and after each start:\n  {command}\n",
                self.task
            ),
            (None, _) => format!("there is no task {} any more\n", self.task),
        }
    }
}
