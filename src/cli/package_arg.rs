//! A package on the command line, and the keys it has to be signed with.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::Failure;
use super::key_arg::PassphraseArgs;
use crate::exit::Exit;
use crate::package::container::{Container, FormatError, MAX_FILE};
use crate::package::file::read_limited;
use crate::package::trust::{self, TrustError};
use crate::package::{Package, PublicKey, Verified, VerifyError, verify};

/// A package, and the keys that may have signed it.
#[derive(Clone, Debug, Args)]
pub struct PackageArgs {
    /// The package
    #[arg(value_name = "PKG.hpk")]
    pub package: PathBuf,
    /// Key that may have signed it, public or private; by default the keys of the trust store
    #[arg(long = "key", value_name = "KEY.pem")]
    pub keys: Vec<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// The keys that may have signed a package, and who says so.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The keys.
    pub keys: Vec<PublicKey>,
    /// Whether they are from the trust store, and not from `--key`.
    pub store: bool,
    /// The folder of the trust store, or the files of `--key`.
    pub paths: Vec<PathBuf>,
}

impl PackageArgs {
    /// Another package, which the same keys may have signed.
    #[cfg(windows)]
    pub fn with_package(&self, package: PathBuf) -> Self {
        PackageArgs {
            package,
            ..self.clone()
        }
    }

    /// Reads the package and verifies it.
    ///
    /// # Errors
    /// Exit code 1 where a file can't be read or isn't what it should be, 5 where the
    /// package isn't whole and signed by a trusted key.
    pub fn load(&self) -> Result<Verified<Package>, Failure> {
        let bytes = self.read()?;
        self.verify(&bytes, &self.trust()?)
    }

    /// Reads the file, and makes sure that it begins as a package does.
    ///
    /// # Errors
    /// Exit code 1 where it can't be read, or doesn't.
    pub fn read(&self) -> Result<Vec<u8>, Failure> {
        let bytes = read_limited(&self.package, MAX_FILE)
            .with_context(|| format!("cannot read the package {}", self.package.display()))?;
        match Container::parse(&bytes) {
            Err(error @ FormatError::Magic) => Err(self.failure(VerifyError::NotAPackage(error))),
            _ => Ok(bytes),
        }
    }

    /// The keys that may have signed the package: those of `--key`, or else those of the
    /// trust store.
    ///
    /// # Errors
    /// Exit code 1 where a key of `--key` can't be used, 5 where the trust store can't.
    pub fn trust(&self) -> Result<Trust, Failure> {
        if self.keys.is_empty() {
            let folder = trust::folder();
            return Ok(Trust {
                keys: trust::load(&folder).map_err(untrusting)?,
                store: true,
                paths: vec![folder],
            });
        }
        let keys = self
            .keys
            .iter()
            .map(|path| self.passphrase.public_key(path));
        Ok(Trust {
            keys: keys.collect::<Result<_, _>>()?,
            store: false,
            paths: self.keys.clone(),
        })
    }

    /// Verifies the bytes that [`PackageArgs::read`] returned.
    ///
    /// # Errors
    /// Exit code 5 where the package isn't whole and signed by a trusted key.
    pub fn verify(&self, bytes: &[u8], trust: &Trust) -> Result<Verified<Package>, Failure> {
        verify(bytes, &trust.keys).map_err(|error| self.failure(error))
    }

    /// The failure that an error means for this package.
    pub fn failure(&self, error: VerifyError) -> Failure {
        let (exit, hint) = match &error {
            VerifyError::NotAPackage(_) => (Exit::Error, None),
            VerifyError::Corrupt(FormatError::Version(_)) => (
                Exit::Untrusted,
                Some("use the version of hotpatch that built the package, or a later one"),
            ),
            VerifyError::Corrupt(_) | VerifyError::BadSignature(_) => (
                Exit::Untrusted,
                Some("fetch the package again, and compare its SHA-256 with the builder's"),
            ),
            VerifyError::UntrustedKey(_) => (
                Exit::Untrusted,
                Some(
                    "if that is the key of whoever you expect patches from, name its public key \
                     with --key or add it to the trust store; if not, do not use the package",
                ),
            ),
            VerifyError::BadManifest(_) => (
                Exit::Untrusted,
                Some(
                    "build the package again; what signed this one is not what this version reads",
                ),
            ),
        };
        let context = format!("{} is refused", self.package.display());
        let failure = Failure::new(exit, anyhow::Error::new(error).context(context));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

fn untrusting(error: TrustError) -> Failure {
    let hint = match &error {
        TrustError::Missing(folder) | TrustError::Empty(folder) => format!(
            "name the key with --key KEY.pem, or put the public keys that you trust into {} \
             (another folder with ${})",
            folder.display(),
            trust::FOLDER_VARIABLE
        ),
        TrustError::Writable { path, .. } => format!(
            "look at who changed it, then take the right to write away: chmod go-w {}",
            path.display()
        ),
        _ => "every *.pem file in the trust store must be one public key".to_owned(),
    };
    Failure::new(Exit::Untrusted, error).hint(hint)
}
