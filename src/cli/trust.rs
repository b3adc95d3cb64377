//! `hotpatch trust`.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, Subcommand, ValueEnum};

use super::key_arg::PassphraseArgs;
use super::package_arg::untrusting;
use super::{Failure, Format, Global, Outcome};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::policy::{Revocation, Role};
use crate::ops::trust::{self, EditError, NewKey, Store};
use crate::package::container::MAX_FILE;
use crate::package::file::read_limited;
use crate::package::open_unverified;
use crate::report::out;
use crate::report::trust::StoreReport;

/// Say which keys this machine trusts, and which not any more
#[derive(Debug, Args)]
pub struct TrustArgs {
    #[command(subcommand)]
    command: TrustCommand,
}

#[derive(Debug, Subcommand)]
enum TrustCommand {
    Add(AddArgs),
    /// List what this machine trusts, what it was told to refuse, and what it has seen
    List,
    Revoke(RevokeArgs),
}

/// Trust a key from now on
///
/// Copies the public key into the trust store, which is made where there is none.
#[derive(Debug, Args)]
struct AddArgs {
    /// The key; of a private key the public half
    #[arg(value_name = "KEY.pem")]
    key: PathBuf,
    /// What the key stands for; may be given several times
    #[arg(long = "role", value_enum, value_name = "ROLE")]
    roles: Vec<RoleName>,
    /// What rules and reports call it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Never again accept a key, or a package
///
/// Revoke a package by its file where you have it: then it is refused whoever signs it.
#[derive(Debug, Args)]
struct RevokeArgs {
    /// Id of a key (or the start of the id, or the name, of one in the store), SHA-256 of a
    /// package or of its content, or a package or key file
    #[arg(value_name = "KEYID|SHA256|FILE")]
    what: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// What a key stands for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    /// Whoever built the package
    Builder,
    /// Whoever tested it
    Tester,
    /// Whoever approved that it is used
    Approver,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Builder => Role::Builder,
            RoleName::Tester => Role::Tester,
            RoleName::Approver => Role::Approver,
        }
    }
}

impl TrustArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let folder = trust::folder();
        let (store, done) = match &self.command {
            TrustCommand::Add(args) => args.run(&folder)?,
            TrustCommand::List => (Store::load(&folder).map_err(untrusting)?, None),
            TrustCommand::Revoke(args) => args.run(&folder)?,
        };
        let report = StoreReport::new(&store, done);
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }
}

type Done = (Store, Option<String>);

impl AddArgs {
    fn run(&self, folder: &Path) -> Result<Done, Failure> {
        let mut roles: Vec<Role> = self.roles.iter().map(|r| (*r).into()).collect();
        roles.sort();
        roles.dedup();
        let new = NewKey {
            key: self.passphrase.public_key(&self.key)?,
            name: self.name.clone(),
            roles,
        };
        let mut store = Store::open_or_create(folder).map_err(untrusting)?;
        store.add(&new).map_err(not_edited)?;
        Ok((store, Some(format!("added the key {}", new.key.id()))))
    }
}

impl RevokeArgs {
    fn run(&self, folder: &Path) -> Result<Done, Failure> {
        let mut store = Store::open_or_create(folder).map_err(untrusting)?;
        let (kind, sha256) = self.meant(&store)?;
        let done = format!("revoked {kind} {sha256}");
        let revocation = Revocation {
            sha256,
            on: Some(Moment::now()),
            reason: self.reason.clone(),
        };
        store.revoke(revocation).map_err(not_edited)?;
        Ok((store, Some(done)))
    }

    /// What is meant, and its SHA-256.
    fn meant(&self, store: &Store) -> Result<(&'static str, String), Failure> {
        let text = self.what.to_lowercase();
        let is_hex = |len| text.len() >= len && text.bytes().all(|b| b.is_ascii_hexdigit());
        let ids: Vec<String> = store.ids().iter().map(ToString::to_string).collect();
        if is_hex(64) && text.len() == 64 {
            let kind = if ids.contains(&text) {
                "the key"
            } else {
                "what has the SHA-256"
            };
            return Ok((kind, text));
        }
        let path = Path::new(&self.what);
        let mut keys = store.policy.keys.iter();
        let named = keys.find(|k| k.name.as_ref() == Some(&self.what));
        match (named, path.is_file()) {
            (Some(_), true) => {
                let error = anyhow!("{:?} is the name of a key, and a file as well", self.what);
                return Err(Failure::new(Exit::Usage, error).hint(format!(
                    "name the key by its id, or the file as {}",
                    Path::new(".").join(path).display()
                )));
            }
            (Some(key), false) => return Ok(("the key", key.id.clone())),
            (None, true) => return file(path),
            (None, false) => {}
        }
        let starting: Vec<&String> = ids.iter().filter(|id| id.starts_with(&text)).collect();
        match starting[..] {
            [one] if is_hex(8) => Ok(("the key", one.clone())),
            _ => {
                let error = anyhow!("{:?} is no one key, SHA-256 or file", self.what);
                Err(Failure::new(Exit::Usage, error).hint(
                    "name a file, 64 digits of hex, or a key of the trust store by its name or \
                     by the first 8 digits of its id or more",
                ))
            }
        }
    }
}

/// The SHA-256 to revoke of a package or key file.
fn file(path: &Path) -> Result<(&'static str, String), Failure> {
    let bytes = read_limited(path, MAX_FILE)
        .map_err(|error| anyhow!(error).context(format!("cannot read {}", path.display())))?;
    if bytes.starts_with(b"-----BEGIN ") {
        let key = PassphraseArgs::default().public_key(path)?;
        return Ok(("the key", key.id().to_string()));
    }
    let package = open_unverified(&bytes).map_err(|error| {
        let context = format!("{} is no package and no key", path.display());
        Failure::from(anyhow!(error).context(context))
    })?;
    Ok(("the content", package.content_sha256_hex()))
}

pub fn not_edited(error: EditError) -> Failure {
    let hint = match error {
        EditError::Trust(error) => return untrusting(error),
        EditError::SameKey(_) => {
            "to give it other roles or another name, edit policy.toml in the trust store"
        }
        EditError::SameFile(_) => "look at what it is; nothing was changed",
        EditError::Revoked(_) => {
            "a revocation is taken back only by hand, in policy.toml in the trust store"
        }
        EditError::Policy { .. } => "nothing was changed",
    };
    Failure::from(error).hint(hint)
}
