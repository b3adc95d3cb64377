//! What a policy says of `sync`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::fits;

/// What `sync` may do without anybody asking, and how long a patch may stand for a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncPolicy {
    /// File names of programs whose processes are left as they are, with `*` and `?`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// After how many days a hotpatched process has to be restarted; never where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<u32>,
    /// Whether packages of a product are applied only where the store has its list of withdrawn
    /// packages, and that has not expired.
    #[serde(default)]
    pub require_withdrawal_list: bool,
}

impl SyncPolicy {
    /// The pattern that excludes a program, if one does.
    pub fn excludes(&self, program: &str) -> Option<&str> {
        let mut patterns = self.exclude.iter().map(String::as_str);
        patterns.find(|pattern| fits(pattern, program))
    }
}
