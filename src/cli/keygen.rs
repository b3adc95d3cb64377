//! `hotpatch keygen`.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::key_arg::PassphraseArgs;
use super::{Failure, Format, Global, Outcome};
use crate::exit::Exit;
use crate::package::SigningKey;
use crate::report::keygen::KeygenReport;
use crate::report::out;

/// Make a signing key
///
/// Writes an Ed25519 key that openssl can read: the private key as PKCS#8, the public key
/// as SPKI, both in PEM. Files that exist are never overwritten.
#[derive(Debug, Args)]
pub struct KeygenArgs {
    /// File for the private key; on Unix nobody but you can read it
    #[arg(long, short, value_name = "KEY.pem")]
    out: PathBuf,
    /// File for the public key, by default KEY.pub.pem
    #[arg(long, value_name = "PUB.pem")]
    public: Option<PathBuf>,
    /// Encrypt the private key with a passphrase
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl KeygenArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let public_path = match &self.public {
            Some(path) => path.clone(),
            None => self.out.with_extension("pub.pem"),
        };
        if self.passphrase.passphrase_file.is_some() && !self.encrypt {
            let error = anyhow::anyhow!("--passphrase-file is of use only with --encrypt");
            return Err(Failure::new(Exit::Usage, error));
        }
        let passphrase = match self.encrypt {
            true => Some(self.passphrase.new_passphrase()?),
            false => None,
        };
        let key = SigningKey::generate()?;
        let private = key.to_pem(passphrase.as_ref().map(|p| p.as_slice()))?;
        write_new(&self.out, private.as_bytes(), true)?;
        if let Err(failure) = write_new(&public_path, key.public().to_pem().as_bytes(), false) {
            let _ = fs::remove_file(&self.out);
            return Err(failure);
        }
        let report = KeygenReport {
            schema: "hotpatch.keygen/1",
            private_key: self.out.display().to_string(),
            public_key: public_path.display().to_string(),
            key_id: key.public().id().to_string(),
            algorithm: "ed25519",
            encrypted: self.encrypt,
        };
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }
}

/// Writes a file that must not exist, all of it or nothing.
fn write_new(path: &Path, bytes: &[u8], secret: bool) -> Result<(), Failure> {
    let context = || format!("cannot write {}", path.display());
    let mut file = match create_new(path, secret) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let failure = Failure::from(anyhow::Error::new(error).context(context()));
            return Err(failure.hint("an existing file is never overwritten: choose another name"));
        }
        result => result.with_context(context)?,
    };
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    Ok(written.with_context(context)?)
}

fn create_new(path: &Path, secret: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = secret;
    options.open(path)
}
