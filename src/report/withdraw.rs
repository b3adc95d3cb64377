//! The report of `hotpatch withdraw`.

use std::fmt::Write;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::package::field;
use super::sanitize::line;
use crate::moment::Moment;
use crate::ops::withdrawal::{SignedList, Withdrawn};

/// A list of withdrawn packages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WithdrawReport {
    /// `hotpatch.withdraw/1`
    pub schema: &'static str,
    /// `written`, or `shown`.
    pub outcome: &'static str,
    /// The file.
    pub path: String,
    /// The product that it is about.
    pub product: String,
    /// Its number: a list with a higher one takes its place.
    pub sequence: u64,
    /// When it was written.
    pub issued: Moment,
    /// The last moment at which it is known to be the latest.
    pub expires: Moment,
    /// What it withdraws.
    pub withdrawn: Vec<Withdrawn>,
    /// Ids of the keys that signed it. Each signature is valid; whether a key is trusted, a
    /// machine's trust store says.
    pub signers: Vec<String>,
    /// SHA-256 of the file as hex.
    pub sha256: String,
}

impl WithdrawReport {
    /// The report about a list.
    pub fn new(outcome: &'static str, path: &Path, signed: &SignedList) -> Self {
        let list = &signed.list;
        WithdrawReport {
            schema: "hotpatch.withdraw/1",
            outcome,
            path: path.display().to_string(),
            product: list.product.clone(),
            sequence: list.sequence,
            issued: list.issued,
            expires: list.expires,
            withdrawn: list.withdrawn.clone(),
            signers: signed.signers().iter().map(ToString::to_string).collect(),
            sha256: hex::encode(Sha256::digest(signed.to_bytes())),
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.outcome == "written" {
            let _ = writeln!(text, "wrote {}", line(&self.path));
        }
        let (product, sequence) = (line(&self.product), self.sequence);
        let _ = writeln!(
            text,
            "list {sequence} of {product}, good until {}",
            self.expires
        );
        for entry in &self.withdrawn {
            let _ = writeln!(text, "  {}", line(&in_words(entry)));
        }
        if self.withdrawn.is_empty() {
            text.push_str("  nothing is withdrawn\n");
        }
        for signer in &self.signers {
            field(&mut text, "signed by", signer);
        }
        text
    }
}

/// What is withdrawn, and what that means.
pub(super) fn in_words(entry: &Withdrawn) -> String {
    let what = match entry.revert {
        true => "is taken out",
        false => "is not applied any more",
    };
    format!("{} {what}: {}", entry.id, entry.reason)
}
