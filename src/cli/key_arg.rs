//! Keys on the command line: files, and passphrases that are never arguments.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use zeroize::Zeroizing;

use super::Failure;
use crate::exit::Exit;
use crate::package::file::{MAX_KEY_FILE, read_limited};
use crate::package::keys::{self, KeyError};
use crate::package::{PublicKey, SigningKey};
use crate::report::sanitize::line;

/// The environment variable with the passphrase of private keys.
pub const PASSPHRASE_VARIABLE: &str = "HOTPATCH_PASSPHRASE";

const HINT: &str = "put the passphrase into the environment variable HOTPATCH_PASSPHRASE, or \
                    into a file and name that with --passphrase-file";

/// Where the passphrase of a private key comes from.
#[derive(Clone, Debug, Default, Args)]
pub struct PassphraseArgs {
    /// File with the passphrase of the private key, by default $HOTPATCH_PASSPHRASE; else it
    /// is asked for
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase: what the file holds, without the line break at its end, or what
    /// the environment variable holds; `None` where there is neither.
    ///
    /// # Errors
    /// Where the file can't be read, or the passphrase is empty.
    fn load(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let passphrase = match &self.passphrase_file {
            Some(path) => {
                let mut bytes = read(path)?;
                for end in [b'\n', b'\r'] {
                    if bytes.last() == Some(&end) {
                        bytes.pop();
                    }
                }
                Some(bytes)
            }
            None => std::env::var_os(PASSPHRASE_VARIABLE)
                .map(|value| Zeroizing::new(value.into_encoded_bytes())),
        };
        match passphrase {
            Some(p) if p.is_empty() => Err(Failure::from(KeyError::EmptyPassphrase).hint(HINT)),
            passphrase => Ok(passphrase),
        }
    }

    /// A new passphrase, from wherever it may come; asked for twice where it is asked for.
    ///
    /// # Errors
    /// Where there is none, it is empty, or its file can't be read.
    pub fn new_passphrase(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if let Some(passphrase) = self.load()? {
            return Ok(passphrase);
        }
        let Some(passphrase) = prompt("New passphrase: ")? else {
            let error = anyhow!("a passphrase is needed and none was given");
            return Err(Failure::new(Exit::Usage, error).hint(HINT));
        };
        if prompt("The same again: ")?.as_ref() != Some(&passphrase) {
            let error = anyhow!("the two passphrases differ");
            return Err(Failure::new(Exit::Usage, error));
        }
        Ok(passphrase)
    }

    /// Reads a private key.
    ///
    /// # Errors
    /// Where the file can't be read, is no private key, or can't be decrypted.
    pub fn signing_key(&self, path: &Path) -> Result<SigningKey, Failure> {
        self.key(path, SigningKey::from_pem)
    }

    /// Reads a public key, or the public half of a private one.
    ///
    /// # Errors
    /// Where the file can't be read, is no key, or can't be decrypted.
    pub fn public_key(&self, path: &Path) -> Result<PublicKey, Failure> {
        self.key(path, PublicKey::from_any_pem)
    }

    fn key<T>(
        &self,
        path: &Path,
        parse: impl Fn(&str, Option<&[u8]>) -> Result<T, KeyError>,
    ) -> Result<T, Failure> {
        let text = read(path)?;
        let result = match keys::text(&text) {
            Ok(text) => self.parsed(path, &text, parse)?,
            Err(error) => Err(error),
        };
        result.map_err(|error| {
            let hint = matches!(error, KeyError::PassphraseNeeded | KeyError::Decrypt);
            let message = format!("cannot use the key {}", path.display());
            let failure = Failure::from(anyhow::Error::new(error).context(message));
            if hint { failure.hint(HINT) } else { failure }
        })
    }

    /// Parses, with the passphrase where one is needed.
    fn parsed<T>(
        &self,
        path: &Path,
        text: &str,
        parse: impl Fn(&str, Option<&[u8]>) -> Result<T, KeyError>,
    ) -> Result<Result<T, KeyError>, Failure> {
        let result = parse(text, None);
        if !matches!(result, Err(KeyError::PassphraseNeeded)) {
            return Ok(result);
        }
        let passphrase = match self.load()? {
            Some(passphrase) => Some(passphrase),
            None => prompt(&format!(
                "Passphrase of {}: ",
                line(&path.to_string_lossy())
            ))?,
        };
        Ok(parse(text, passphrase.as_ref().map(|p| p.as_slice())))
    }
}

/// Asks at the terminal, without showing what is typed; `None` where there is no terminal.
fn prompt(text: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    let typed = rpassword::prompt_password(text).context("cannot ask for the passphrase")?;
    let typed = Zeroizing::new(typed.into_bytes());
    match typed.is_empty() {
        true => Err(KeyError::EmptyPassphrase.into()),
        false => Ok(Some(typed)),
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = read_limited(path, MAX_KEY_FILE)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Zeroizing::new(bytes))
}
