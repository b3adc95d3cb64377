//! The file `policy.toml`: what it may say, and what must hold of it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::revoked::Revocation;
use super::rollout::Rollout;
use super::signatures::{Role, Threshold};
use super::sync::SyncPolicy;
use super::window::Window;
use crate::moment::Moment;
use crate::package::KeyId;
use crate::package::manifest::Classification;

/// Version of the layout that this build reads.
pub const FORMAT: u32 = 1;

/// How far behind the latest time on record the clock may be, in seconds.
const CLOCK_TOLERANCE: u64 = 300;

/// Longest name or pattern in bytes.
const MAX_NAME: usize = 256;

/// What the administrator of a machine decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Always 1.
    pub format: u32,
    /// How far behind the latest time on record the clock may be, in seconds.
    #[serde(default = "clock_tolerance")]
    pub clock_tolerance_s: u64,
    /// What is known about the keys of the trust store.
    #[serde(default, rename = "key")]
    pub keys: Vec<KeyEntry>,
    /// What is allowed; where there is no rule, any key of the trust store is enough.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
    /// Keys and packages that must not be used any more.
    #[serde(default)]
    pub revoked: Vec<Revocation>,
    /// What `hotpatch sync` may do without anybody asking.
    #[serde(default)]
    pub sync: SyncPolicy,
    /// In which order machines get packages; all at once where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
}

fn clock_tolerance() -> u64 {
    CLOCK_TOLERANCE
}

/// A key of the trust store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// Its id: SHA-256 of the public key as SPKI, as lower-case hex.
    pub id: String,
    /// What rules and reports call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it stands for.
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// Packages that are allowed. One rule that allows a package in full is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What reports call it.
    pub name: String,
    /// File names of the images that it is about, with `*` and `?`; all where none is named.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub files: Vec<String>,
    /// Products that it is about, with `*` and `?`; all where none is named.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub products: Vec<String>,
    /// Ids or names of the keys that count; all where none is named.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub keys: Vec<String>,
    /// How many of them must have signed.
    #[serde(default)]
    pub signatures: Threshold,
    /// The first moment at which it allows anything.
    #[serde(default)]
    pub valid_from: Option<Moment>,
    /// The last moment at which it allows anything.
    #[serde(default)]
    pub valid_to: Option<Moment>,
    /// Why the packages exist that it allows; all where none is named.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub classifications: Vec<Classification>,
    /// How long the program may be frozen at most, in milliseconds.
    #[serde(default)]
    pub max_freeze_ms: Option<u64>,
    /// When it allows anything; always where none is named.
    #[serde(
        default,
        rename = "window",
        deserialize_with = "some",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub windows: Vec<Window>,
}

/// Why a policy can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML with the right fields.
    #[error("line {line}: {message}")]
    Toml {
        /// Line, counted from 1; 0 where it isn't known.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// Written for another version.
    #[error("format {0} is not supported, only format {FORMAT}")]
    Format(u32),
    /// Something in it means nothing, or not one thing.
    #[error("{what}: {problem}")]
    Meaning {
        /// The entry.
        what: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Line and message of what the TOML parser said.
pub(in crate::ops) fn place(text: &str, error: &toml::de::Error) -> (usize, String) {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(0, |t| t.matches('\n').count() + 1);
    (line, error.message().to_owned())
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            format: FORMAT,
            clock_tolerance_s: CLOCK_TOLERANCE,
            keys: Vec::new(),
            rules: Vec::new(),
            revoked: Vec::new(),
            sync: SyncPolicy::default(),
            rollout: None,
        }
    }
}

impl Policy {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// [`PolicyError`]: a policy that says more than this version understands must not be
    /// taken for less.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let policy: Policy = toml::from_str(text).map_err(|error| {
            let (line, message) = place(text, &error);
            PolicyError::Toml { line, message }
        })?;
        policy.check()?;
        Ok(policy)
    }

    fn check(&self) -> Result<(), PolicyError> {
        if self.format != FORMAT {
            return Err(PolicyError::Format(self.format));
        }
        let mut ids = BTreeSet::new();
        let mut names = BTreeSet::new();
        for key in &self.keys {
            let what = || format!("key {:?}", key.id);
            require(
                is_sha256(&key.id),
                what,
                "the id is not 64 digits of lower-case hex",
            )?;
            require(ids.insert(&key.id), what, "is there twice")?;
            if let Some(name) = &key.name {
                require(
                    is_name(name),
                    what,
                    "the name is not one line of 1 to 256 bytes without blanks around it",
                )?;
                require(!is_sha256(name), what, "the name could be an id")?;
                require(names.insert(name), what, "another key has the same name")?;
            }
        }
        let mut rules = BTreeSet::new();
        for rule in &self.rules {
            let what = || format!("rule {:?}", rule.name);
            require(
                rules.insert(&rule.name),
                what,
                "another rule has the same name",
            )?;
            rule.check(what)?;
        }
        for entry in &self.revoked {
            let what = || format!("revoked {:?}", entry.sha256);
            let problem = "is not a SHA-256 as 64 digits of lower-case hex";
            require(is_sha256(&entry.sha256), what, problem)?;
            let one_line = entry.reason.as_ref().is_none_or(|r| is_line(r));
            require(
                one_line,
                what,
                "the reason is not one line of 1 to 256 bytes",
            )?;
        }
        for pattern in &self.sync.exclude {
            let what = || format!("sync: exclude {pattern:?}");
            let problem = "is not one line of 1 to 256 bytes without blanks around it";
            require(is_name(pattern), what, problem)?;
        }
        let rollout = self.rollout.as_ref();
        if let Some((what, problem)) = rollout.and_then(|r| r.problem(is_name, is_sha256)) {
            return Err(PolicyError::Meaning { what, problem });
        }
        require(
            self.sync.max_age_days != Some(0),
            || "sync".to_owned(),
            "max_age_days is 0: every patch would be too old at once",
        )
    }

    /// What is said about a key.
    pub fn key(&self, id: KeyId) -> Option<&KeyEntry> {
        let id = id.to_string();
        self.keys.iter().find(|key| key.id == id)
    }

    /// The roles of a key; none where nothing is said about it.
    pub fn roles(&self, id: KeyId) -> &[Role] {
        self.key(id).map_or(&[], |key| &key.roles)
    }

    /// Whether a key or a package was revoked.
    pub fn revocation(&self, sha256: &[u8; 32]) -> Option<&Revocation> {
        self.revoked.iter().find(|entry| entry.is_of(sha256))
    }

    /// The ids and names of keys that the policy counts on and that aren't among these.
    pub fn unknown_keys(&self, keys: &[KeyId]) -> Vec<String> {
        let ids: BTreeSet<String> = keys.iter().map(KeyId::to_string).collect();
        let named = |name: &String| {
            let entry = self.keys.iter().find(|k| k.name.as_ref() == Some(name));
            entry.map_or(name, |k| &k.id).clone()
        };
        let entries = self.keys.iter().map(|k| k.id.clone());
        let in_rules = self.rules.iter().flat_map(|r| r.keys.iter().map(named));
        let wanted: BTreeSet<String> = entries.chain(in_rules).collect();
        wanted.difference(&ids).cloned().collect()
    }
}

impl Rule {
    fn check(&self, what: impl Fn() -> String + Copy) -> Result<(), PolicyError> {
        require(
            is_name(&self.name),
            what,
            "the name is not one line of 1 to 256 bytes",
        )?;
        let patterns = self.files.iter().chain(&self.products);
        for name in patterns.chain(&self.keys) {
            let problem = "a file, product or key is not one line of 1 to 256 bytes";
            require(is_name(name), what, problem)?;
        }
        let problem = "signatures: 1 to 16 are possible";
        require(self.signatures.possible(), what, problem)?;
        if let (Some(from), Some(to)) = (self.valid_from, self.valid_to) {
            require(from <= to, what, "valid_to is before valid_from")?;
        }
        require(
            self.max_freeze_ms != Some(0),
            what,
            "max_freeze_ms is 0: nothing can be applied",
        )?;
        let clear = self.windows.iter().all(Window::clear);
        require(
            clear,
            what,
            "a window ends when it begins, or begins at 24:00",
        )
    }

    /// Whether what it says depends on the time.
    pub fn timed(&self) -> bool {
        self.valid_from.is_some() || self.valid_to.is_some() || !self.windows.is_empty()
    }

    /// Whether a key counts for it.
    pub fn counts(&self, id: KeyId, policy: &Policy) -> bool {
        let id = id.to_string();
        let entry = policy.keys.iter().find(|k| k.id == id);
        let name = entry.and_then(|k| k.name.as_ref());
        self.keys.is_empty()
            || self.keys.contains(&id)
            || name.is_some_and(|n| self.keys.contains(n))
    }
}

fn require(
    holds: bool,
    what: impl Fn() -> String,
    problem: &'static str,
) -> Result<(), PolicyError> {
    match holds {
        true => Ok(()),
        false => Err(PolicyError::Meaning {
            what: what(),
            problem,
        }),
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// A list that is there has something in it: that an empty one allows everything, as one that is
/// left out does, would surprise.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(reader)?;
    match list.is_empty() {
        true => Err(serde::de::Error::custom(
            "the list is empty; leave it out where everything is meant",
        )),
        false => Ok(list),
    }
}

fn is_line(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && !text.contains(char::is_control)
}

/// Whether a name looks like what it is: one line, no blank at either end, and nothing that
/// is not seen or turns what is seen around.
fn is_name(text: &str) -> bool {
    let unseen = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
            || ('\u{200b}'..='\u{200f}').contains(&c)
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2060}'..='\u{206f}').contains(&c)
    };
    is_line(text) && !text.contains(unseen) && text.trim() == text
}

#[cfg(test)]
mod tests;
