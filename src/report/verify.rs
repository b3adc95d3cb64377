//! The report of `hotpatch verify`.

use schemars::JsonSchema;
use serde::Serialize;

use super::package::{PackageSummary, SignatureReport, field};
use super::policy::DecisionReport;
use super::sanitize::line;
use crate::package::container::{Container, HEADER_LEN};

/// What was proven about a package, and how.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerifyReport {
    /// `hotpatch.verify/1`
    pub schema: &'static str,
    /// `verified`; what isn't is an error document.
    pub outcome: &'static str,
    /// The package.
    pub package: PackageSummary,
    /// Who said which keys are trusted.
    pub trust: TrustReport,
    /// Its signatures.
    pub signatures: Vec<SignatureReport>,
    /// Why it is allowed.
    pub decision: DecisionReport,
    /// Which bytes the signatures are of.
    pub covered: Vec<CoveredPart>,
    /// What holds, in sentences.
    pub proven: Vec<String>,
    /// What this command can't know.
    pub not_proven: Vec<&'static str>,
}

/// Who said which keys are trusted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrustReport {
    /// `key` for `--key`, `store` for the trust store.
    pub source: &'static str,
    /// The key files, or the folder.
    pub paths: Vec<String>,
    /// Number of keys that would have been accepted.
    pub keys: usize,
}

/// A part of the file that the signatures cover.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CoveredPart {
    /// `header`, or `content`: manifest and payload, compressed.
    pub part: &'static str,
    /// Offset from the start of the file in bytes, as hex.
    pub offset: String,
    /// Size in bytes.
    pub size: usize,
}

impl VerifyReport {
    /// The report about a package that has been verified.
    pub fn new(
        package: PackageSummary,
        trust: TrustReport,
        signatures: Vec<SignatureReport>,
        parts: &Container<'_>,
        decision: DecisionReport,
    ) -> Self {
        let mut offset = 0;
        let covered =
            [("header", HEADER_LEN), ("content", parts.content.len())].map(|(part, size)| {
                let at = offset;
                offset += size;
                CoveredPart {
                    part,
                    offset: format!("{at:#x}"),
                    size,
                }
            });
        let trusted = signatures
            .iter()
            .filter(|s| s.trusted == Some(true))
            .count();
        let mut proven = vec![
            format!(
                "{trusted} of {} signatures by a trusted key, and every signature is valid \
                 (Ed25519, strict rules)",
                signatures.len()
            ),
            format!(
                "the signatures cover bytes 0x0 to {offset:#x}: header, manifest and payload; \
                 the {:#x} bytes after that are the signatures themselves",
                package.size - offset as u64
            ),
            "the manifest is consistent: ids, hashes, order and ranges; and the payload defines \
             and needs the symbols that it names"
                .to_owned(),
            "not revoked, not expired, and not older than what was applied here".to_owned(),
        ];
        if let Some(rule) = &decision.by {
            proven.push(format!("allowed by the policy's rule {:?}", line(rule)));
        }
        VerifyReport {
            schema: "hotpatch.verify/1",
            outcome: "verified",
            package,
            trust,
            signatures,
            decision,
            covered: covered.into(),
            proven,
            not_proven: vec![
                "that a running process is the image the package was built for: \
                 use `hotpatch check`",
            ],
        }
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = format!("{}: verified\n", line(&self.package.path));
        self.package.text(&mut text);
        for signature in &self.signatures {
            signature.text(&mut text);
        }
        let from = match self.trust.source {
            "store" => "trust store",
            _ => "--key",
        };
        let paths = self.trust.paths.join(", ");
        field(&mut text, "trust", &format!("{from} {}", line(&paths)));
        for sentence in &self.proven {
            field(&mut text, "proven", sentence);
        }
        for sentence in &self.not_proven {
            field(&mut text, "not proven", sentence);
        }
        text
    }
}
