//! Keys on the command line: files, and passphrases that are never arguments.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use zeroize::Zeroizing;

use super::Failure;
use crate::exit::Exit;
use crate::package::file::{MAX_KEY_FILE, read_limited};
use crate::package::keys::KeyError;
use crate::package::{PublicKey, SigningKey};

/// The environment variable with the passphrase of private keys.
pub const PASSPHRASE_VARIABLE: &str = "HOTPATCH_PASSPHRASE";

const HINT: &str = "put the passphrase into the environment variable HOTPATCH_PASSPHRASE, or \
                    into a file and name that with --passphrase-file";

/// Where the passphrase of a private key comes from.
#[derive(Clone, Debug, Default, Args)]
pub struct PassphraseArgs {
    /// File with the passphrase of the private key, by default $HOTPATCH_PASSPHRASE
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase: what the file holds, without the line break at its end, or what
    /// the environment variable holds; `None` where there is neither.
    ///
    /// # Errors
    /// Where the file can't be read, or the passphrase is empty.
    pub fn load(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
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

    /// The passphrase, which is needed.
    ///
    /// # Errors
    /// As for [`PassphraseArgs::load`], and where there is none.
    pub fn require(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.load()?.ok_or_else(|| {
            let error = anyhow!("a passphrase is needed and none was given");
            Failure::new(Exit::Usage, error).hint(HINT)
        })
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
        let text = str::from_utf8(&text)
            .with_context(|| format!("{} is not a key in PEM", path.display()))?;
        let result = match parse(text, None) {
            Err(KeyError::PassphraseNeeded) => {
                let passphrase = self.load()?;
                parse(text, passphrase.as_ref().map(|p| p.as_slice()))
            }
            result => result,
        };
        result.map_err(|error| {
            let hint = matches!(error, KeyError::PassphraseNeeded | KeyError::Decrypt);
            let message = format!("cannot use the key {}", path.display());
            let failure = Failure::from(anyhow::Error::new(error).context(message));
            if hint { failure.hint(HINT) } else { failure }
        })
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = read_limited(path, MAX_KEY_FILE)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Zeroizing::new(bytes))
}
