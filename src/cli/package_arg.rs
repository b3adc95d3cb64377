//! A package on the command line, and the keys it has to be signed with.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::Failure;
use super::key_arg::PassphraseArgs;
use crate::apply::target::Identity;
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::policy::Now;
use crate::ops::trust::{self, Guard, Renewal, Store, TrustError};
use crate::package::container::{Container, FormatError, MAX_FILE};
use crate::package::file::read_limited;
use crate::package::{Package, PublicKey, Verified, VerifyError, verify};
use crate::report::{out, sanitize};

/// A package, and the keys that may have signed it.
#[derive(Clone, Debug, Args)]
pub struct PackageArgs {
    /// The package
    #[arg(value_name = "PKG.hpk")]
    pub package: PathBuf,
    #[command(flatten)]
    signers: SignerArgs,
}

/// The keys that packages have to be signed with.
#[derive(Clone, Debug, Args)]
pub struct SignerArgs {
    /// Key that may have signed it, public or private; by default the keys of the trust store
    #[arg(long = "key", value_name = "KEY.pem")]
    pub keys: Vec<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Who says which packages may be used.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Who is asked.
    pub guard: Guard,
    /// The folder of the trust store, or the files of `--key`.
    pub paths: Vec<PathBuf>,
    /// The trust store; there need not be one where there is `--key`.
    store: Option<Store>,
}

impl Trust {
    /// The keys that may have signed a package.
    pub fn keys(&self) -> &[PublicKey] {
        &self.guard.keys
    }
}

/// A package that may be applied, and who is asked again before it is.
#[derive(Debug)]
pub struct Approved {
    /// The package.
    pub package: Verified<Package>,
    named: Option<Vec<PublicKey>>,
    /// Whether the trust store remembers what was applied.
    remembers: bool,
}

impl Approved {
    /// A package that the trust store allows, and remembers.
    pub fn by_store(package: Verified<Package>) -> Self {
        Approved {
            package,
            named: None,
            remembers: true,
        }
    }

    /// Who is asked right before it is applied to a process.
    pub fn renewal(&self, process: &Identity) -> Renewal {
        Renewal {
            folder: trust::folder(),
            named: self.named.clone(),
            remembers: self.remembers,
            process: trust::process_name(process),
        }
    }

    /// Writes down whether it was applied: if so, nothing older of its product is allowed any
    /// more. The patch is active by then, so that a failure is only a warning.
    pub fn ended(&self, renewal: &Renewal, applied: bool) {
        if self.remembers
            && let Err(error) = renewal.ended(&self.package, applied)
        {
            warn("what was applied could not be written down", &error);
        }
    }
}

fn warn(what: &str, error: &TrustError) {
    let path = sanitize::line(&error.to_string()).into_owned();
    let _ = out::print_aside(&format!("warning: {what}: {path}\n"));
}

impl SignerArgs {
    /// A package that these keys may have signed.
    pub fn package(&self, package: PathBuf) -> PackageArgs {
        PackageArgs {
            package,
            signers: self.clone(),
        }
    }
}

impl PackageArgs {
    /// A package of which the trust store alone decides.
    pub fn of_store(package: PathBuf) -> Self {
        let signers = SignerArgs {
            keys: Vec::new(),
            passphrase: PassphraseArgs::default(),
        };
        PackageArgs { package, signers }
    }

    /// Whether keys were named that may have signed it.
    pub fn names_keys(&self) -> bool {
        !self.signers.keys.is_empty()
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

    /// Verifies a package that was read, in order to apply it: writes down what time it is,
    /// so that a clock which is set back later is noticed.
    ///
    /// # Errors
    /// As for [`PackageArgs::load`]; and exit code 5 where the trust store decides and can't
    /// be written: it could not remember what was applied.
    pub fn load_to_apply(&self, bytes: &[u8]) -> Result<Approved, Failure> {
        let mut trust = self.trust()?;
        let package = self.verify(bytes, &trust)?;
        if let Some(store) = &mut trust.store {
            let now = Moment::now();
            match store.record(|state| state.saw_time(now)) {
                Err(error) if trust.guard.named => {
                    warn("the trust store will not remember this package", &error);
                    trust.store = None;
                }
                result => result.map_err(untrusting)?,
            }
        }
        Ok(Approved {
            package,
            named: trust.guard.named.then(|| trust.guard.keys.clone()),
            remembers: trust.store.is_some(),
        })
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

    /// Who decides about the package: the keys of `--key`, under what the trust store says
    /// of all packages; or else the trust store.
    ///
    /// # Errors
    /// Exit code 1 where a key of `--key` can't be used, 5 where the trust store can't.
    pub fn trust(&self) -> Result<Trust, Failure> {
        let folder = trust::folder();
        let SignerArgs { keys, passphrase } = &self.signers;
        let store = match Store::load(&folder) {
            Err(TrustError::Missing(_)) if !keys.is_empty() => None,
            result => Some(result.map_err(untrusting)?),
        };
        let now = Now::read();
        if let (true, Some(store)) = (keys.is_empty(), &store) {
            if store.keys.is_empty() {
                return Err(untrusting(TrustError::Empty(folder)));
            }
            return Ok(Trust {
                guard: Guard::of_store(store, now),
                paths: vec![folder],
                store: Some(store.clone()),
            });
        }
        let files = keys;
        let keys = files.iter().map(|path| passphrase.public_key(path));
        let keys = keys.collect::<Result<_, _>>()?;
        Ok(Trust {
            guard: Guard::of_keys(keys, store.as_ref(), now),
            paths: files.clone(),
            store,
        })
    }

    /// Verifies the bytes that [`PackageArgs::read`] returned.
    ///
    /// # Errors
    /// Exit code 5 where the package isn't whole and signed by a trusted key.
    pub fn verify(&self, bytes: &[u8], trust: &Trust) -> Result<Verified<Package>, Failure> {
        verify(bytes, &trust.guard).map_err(|error| self.failure(error))
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
            VerifyError::Denied(_) => (
                Exit::Untrusted,
                Some("`hotpatch policy check` explains the decision, check by check"),
            ),
            VerifyError::BadManifest(_) | VerifyError::BadPayload(_) => (
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

/// The failure that an error of the trust store means.
pub fn untrusting(error: TrustError) -> Failure {
    let hint = match &error {
        TrustError::Missing(folder) | TrustError::Empty(folder) => format!(
            "name the key with --key KEY.pem, or put the public keys that you trust into {} \
             with `hotpatch trust add` (another folder with ${})",
            folder.display(),
            trust::FOLDER_VARIABLE
        ),
        TrustError::Writable { path, .. } => format!(
            "look at who changed it, then let only the system, administrators and yourself \
             write there: {} {}",
            if cfg!(windows) {
                "icacls"
            } else {
                "chown, chmod go-w"
            },
            path.display()
        ),
        TrustError::State { path, .. } => format!(
            "it was damaged or changed by hand; look at what was applied here, then correct or \
             delete {}",
            path.display()
        ),
        TrustError::Policy { .. } => "`hotpatch schema policy-file` says what a policy can \
                                      have; until it is good, nothing is allowed"
            .to_owned(),
        TrustError::UnknownKey { .. } => "add its file with `hotpatch trust add`, or take it out \
                                          of the policy"
            .to_owned(),
        TrustError::Write { .. } => "run it as somebody who may write to the trust store: it has \
                                     to remember what was applied"
            .to_owned(),
        TrustError::Locked(_) => "wait until the other hotpatch has finished".to_owned(),
        TrustError::Read { .. } | TrustError::Key { .. } | TrustError::TooMany(_) => {
            "every *.pem file in the trust store must be one public key, and every file one that \
             you can read"
                .to_owned()
        }
    };
    Failure::new(Exit::Untrusted, error).hint(hint)
}
