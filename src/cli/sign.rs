//! `hotpatch sign`.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use sha2::{Digest, Sha256};

use super::key_arg::PassphraseArgs;
use super::{Failure, Format, Global, Outcome};
use super::{list_file, output};
use crate::exit::Exit;
use crate::ops::withdrawal::{SignedList, is_list};
use crate::package::container::{Container, FormatError, MAX_FILE, Signature};
use crate::package::file::{MAX_KEY_FILE, read_limited};
use crate::package::keys::SIGNATURE_LEN;
use crate::package::{
    PublicKey, SealError, VerifyError, add_signature, check_manifest, open_unverified,
    validate_payload, verify,
};
use crate::report::out;
use crate::report::sign::SignReport;

/// Add a signature to a package, or to a list of withdrawn packages
///
/// Signs with a private key; or writes what has to be signed to a file (--export), for a
/// hardware module or a signing service, and attaches the signature that it made (--attach).
/// The file is replaced in one step.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The package, or the list (*.hpw)
    #[arg(value_name = "PKG.hpk")]
    package: PathBuf,
    #[command(flatten)]
    how: HowArgs,
    /// Public key of the signature to attach
    #[arg(
        long,
        value_name = "PUB.pem",
        requires = "attach",
        conflicts_with_all = ["key", "export"]
    )]
    public_key: Option<PathBuf>,
    /// Write the signed file here, and leave the other as it is
    #[arg(short, long, value_name = "OUT.hpk", conflicts_with = "export")]
    output: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Where the signature comes from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct HowArgs {
    /// Private key to sign with
    #[arg(long, value_name = "KEY.pem")]
    key: Option<PathBuf>,
    /// Write the message that has to be signed (Ed25519, not prehashed) to this file
    #[arg(long, value_name = "MSG")]
    export: Option<PathBuf>,
    /// Attach the signature in this file: 64 bytes
    #[arg(long, value_name = "SIG", requires = "public_key")]
    attach: Option<PathBuf>,
}

impl SignArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let bytes = read_limited(&self.package, MAX_FILE)
            .with_context(|| format!("cannot read the package {}", self.package.display()))?;
        let report = match is_list(&bytes) {
            true => self.sign_list(&bytes)?,
            false => self.sign_package(&bytes)?,
        };
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }

    fn sign_package(&self, bytes: &[u8]) -> Result<SignReport, Failure> {
        let message = self.worth_signing(bytes)?;
        match &self.how.export {
            Some(path) => {
                self.write_message(path, &message)?;
                self.report("exported", path, None, bytes)
            }
            None => self.add(bytes, self.signature(&message)?),
        }
    }

    fn sign_list(&self, bytes: &[u8]) -> Result<SignReport, Failure> {
        let list = SignedList::parse(bytes);
        let mut list = list.map_err(|error| list_file::damaged(&self.package, error))?;
        let message = list.message();
        let (outcome, path, key) = match &self.how.export {
            Some(path) => {
                self.write_message(path, &message)?;
                ("exported", path, None)
            }
            None => {
                let signature = self.signature(&message)?;
                let key = signature.key.id().to_string();
                let added = list.add(signature);
                added.map_err(|e| Failure::from(e).hint("nothing was changed"))?;
                let path = self.output.as_ref().unwrap_or(&self.package);
                output::write(path, &list.to_bytes(), self.keys())?;
                ("signed", path, Some(key))
            }
        };
        Ok(SignReport {
            schema: "hotpatch.sign/1",
            outcome,
            path: path.display().to_string(),
            key_id: key,
            signers: list.signers().iter().map(ToString::to_string).collect(),
            sha256: hex::encode(Sha256::digest(list.to_bytes())),
            content_sha256: hex::encode(Sha256::digest(list.text())),
        })
    }

    /// Nobody should put his name under what is damaged, or what `verify` would refuse;
    /// returns the message to sign.
    fn worth_signing(&self, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        let package = open_unverified(bytes).map_err(|error| self.refused(error))?;
        let parts = Container::parse(bytes).map_err(|e| self.refused(VerifyError::Corrupt(e)))?;
        let message = parts.message();
        let invalid = |s: &&Signature| !s.key.accepts(&message, &s.bytes);
        if let Some(signature) = package.signatures.iter().find(invalid) {
            return Err(self.refused(VerifyError::BadSignature(signature.key.id())));
        }
        check_manifest(&package.manifest)
            .map_err(|error| self.refused(VerifyError::BadManifest(error)))?;
        validate_payload(&package.manifest, &package.payload)
            .map_err(|error| self.refused(VerifyError::BadPayload(error)))?;
        Ok(message)
    }

    /// The files that were named, but for the package.
    fn keys(&self) -> impl Iterator<Item = &Path> {
        let files = [&self.how.key, &self.how.attach, &self.public_key];
        files.into_iter().flatten().map(PathBuf::as_path)
    }

    fn refused(&self, error: VerifyError) -> Failure {
        let exit = match error {
            VerifyError::NotAPackage(_) => Exit::Error,
            _ => Exit::Untrusted,
        };
        let context = format!("{} is not signed", self.package.display());
        Failure::new(exit, anyhow::Error::new(error).context(context))
    }

    fn signature(&self, message: &[u8]) -> Result<Signature, Failure> {
        if let Some(path) = &self.how.key {
            let key = self.passphrase.signing_key(path)?;
            return Ok(Signature {
                bytes: key.sign(message),
                key: key.public(),
            });
        }
        let (Some(path), Some(public)) = (&self.how.attach, &self.public_key) else {
            let error = anyhow!("--attach needs --public-key");
            return Err(Failure::new(Exit::Usage, error));
        };
        let key: PublicKey = self.passphrase.public_key(public)?;
        let bytes = read_limited(path, MAX_KEY_FILE)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let bytes: [u8; SIGNATURE_LEN] = bytes.as_slice().try_into().map_err(|_| {
            let found = bytes.len();
            let error = anyhow!("{} has {found} bytes, a signature has 64", path.display());
            Failure::from(error).hint(
                "it must be the bare Ed25519 signature: decode base64 or hex first (base64 -d, \
                 xxd -r -p)",
            )
        })?;
        if !key.accepts(message, &bytes) {
            let error = anyhow!(
                "{} is not a signature of {} by key {}",
                path.display(),
                self.package.display(),
                key.id()
            );
            return Err(Failure::new(Exit::Untrusted, error).hint(
                "sign exactly the file that --export wrote for this package, with pure Ed25519 \
                 (openssl pkeyutl -sign -rawin), and name the public key of that key",
            ));
        }
        Ok(Signature { key, bytes })
    }

    fn add(&self, bytes: &[u8], signature: Signature) -> Result<SignReport, Failure> {
        let key = signature.key.clone();
        let signed = add_signature(bytes, signature).map_err(|error| {
            let hint = match &error {
                SealError::SameKey(_) => "each key signs a package once; nothing was changed",
                SealError::Format(FormatError::Limit { .. }) => {
                    "a package has 16 signatures at most; nothing was changed"
                }
                _ => "nothing was changed",
            };
            Failure::from(error).hint(hint)
        })?;
        verify(&signed, std::slice::from_ref(&key)).map_err(|error| self.refused(error))?;
        let path = self.output.as_ref().unwrap_or(&self.package);
        output::write(path, &signed, self.keys())?;
        self.report("signed", path, Some(key), &signed)
    }

    fn write_message(&self, path: &Path, message: &[u8]) -> Result<(), Failure> {
        output::write(path, message, self.keys().chain([self.package.as_path()]))
    }

    fn report(
        &self,
        outcome: &'static str,
        path: &Path,
        key: Option<PublicKey>,
        package: &[u8],
    ) -> Result<SignReport, Failure> {
        let parts = Container::parse(package).map_err(|e| self.refused(VerifyError::Corrupt(e)))?;
        Ok(SignReport {
            schema: "hotpatch.sign/1",
            outcome,
            path: path.display().to_string(),
            key_id: key.map(|key| key.id().to_string()),
            signers: parts
                .signatures
                .iter()
                .map(|s| s.key.id().to_string())
                .collect(),
            sha256: hex::encode(Sha256::digest(package)),
            content_sha256: hex::encode(Sha256::digest(parts.signed)),
        })
    }
}
