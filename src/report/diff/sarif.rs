//! The findings as SARIF 2.1.0, for code scanning.
//!
//! Each finding is a result. Its place is the source line where the function's code first
//! differs, from the new PDB's line table; where none is known it is the new image, because
//! code scanning shows no result without a file.

use serde_json::{Value, json};

use super::{ChangedFunctionReport, DiffReport};
use crate::finding::{FindingReport, Rule, Severity, rules};

/// The published schema of the format.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

impl DiffReport {
    /// The log with one run.
    pub fn sarif(&self) -> Value {
        let rules: Vec<Value> = rules::all().map(rule).collect();
        let mut artifacts = vec![artifact(&self.old.image), artifact(&self.new.image)];
        artifacts.dedup();
        let findings = self.verdict.findings.iter();
        let results: Vec<Value> = findings.map(|f| self.result(f)).collect();
        json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": env!("CARGO_PKG_NAME"),
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                }},
                "columnKind": "unicodeCodePoints",
                "artifacts": artifacts,
                "results": results,
                "properties": {
                    "verdict": self.verdict.status,
                    "changed": self.functions.changed.len(),
                    "added": self.functions.added.len(),
                    "removed": self.functions.removed.len(),
                    "onlyLineNumbersDiffer": self.functions.noise.len(),
                    "leftOut": self.functions.left_out.len(),
                    "unchanged": self.functions.unchanged,
                },
            }],
        })
    }

    fn result(&self, finding: &FindingReport) -> Value {
        let subject = finding.subject.as_deref();
        let function = subject.and_then(|s| self.changed_function(s));
        let text = match subject {
            Some(subject) => format!("{} [{subject}]: {}", finding.title, finding.detail),
            None => format!("{}: {}", finding.title, finding.detail),
        };
        let index = rules::all().position(|r| r.code == finding.code);
        let mut result = json!({
            "ruleId": finding.code,
            "ruleIndex": index,
            "level": level(finding.severity),
            "message": { "text": text },
            "locations": [self.location(subject, function)],
            // The same hazard of the same function is one alert over many builds.
            "partialFingerprints": {
                "hotpatchFinding/v1": format!("{}:{}", finding.code, subject.unwrap_or("")),
            },
            "properties": { "remedy": finding.remedy },
        });
        if self.verdict.accepted.contains(&finding.code) {
            result["suppressions"] = json!([{
                "kind": "external",
                "status": "accepted",
                "justification": format!("accepted with --accept {}", finding.code),
            }]);
        }
        result
    }

    fn changed_function(&self, name: &str) -> Option<&ChangedFunctionReport> {
        let has_name =
            |c: &&ChangedFunctionReport| c.name == name || c.linkage_name.as_deref() == Some(name);
        self.functions.changed.iter().find(has_name)
    }

    fn location(&self, subject: Option<&str>, function: Option<&ChangedFunctionReport>) -> Value {
        let mut location = json!({
            "physicalLocation": { "artifactLocation": { "uri": uri(&self.new.image) } },
        });
        let first = function.and_then(|f| f.first_difference.as_ref());
        let place = first.and_then(|d| d.new.as_ref().or(d.old.as_ref()));
        if let Some(place) = place
            && let (Some(file), Some(line)) = (&place.file, place.line)
        {
            location["physicalLocation"] = json!({
                "artifactLocation": { "uri": uri(file) },
                "region": { "startLine": line },
            });
        }
        if let Some(name) = subject {
            let mut logical = json!({ "name": name, "fullyQualifiedName": name });
            if let Some(function) = function {
                logical["name"] = json!(function.name);
                logical["kind"] = json!("function");
            } else if self.types.changed.iter().any(|t| t.name == name) {
                logical["kind"] = json!("type");
            } else if self.data.changed.iter().any(|d| d.name == name) {
                logical["kind"] = json!("variable");
            }
            if let Some(linkage) = function.and_then(|f| f.linkage_name.as_deref()) {
                logical["decoratedName"] = json!(linkage);
            }
            location["logicalLocations"] = json!([logical]);
        }
        location
    }
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "name": name_of(rule.title),
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.explanation },
        "help": {
            "text": format!("{}\n\nWhat to do: {}", rule.explanation, rule.remedy),
            "markdown": format!("{}\n\n**What to do:** {}", rule.explanation, rule.remedy),
        },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "canBeAccepted": rule.severity == Severity::Risk },
    })
}

/// The title as SARIF wants rule names: words run together, each with a capital.
fn name_of(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    words.map(capital).collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Risk => "warning",
        Severity::Refuse => "error",
    }
}

fn artifact(path: &str) -> Value {
    json!({ "location": { "uri": uri(path) }, "roles": ["analysisTarget"] })
}

/// A path of either kind as a URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let is_drive = path.as_bytes().get(1) == Some(&b':');
    let mut uri = match path.as_str() {
        _ if is_drive => String::from("file:///"),
        p if p.starts_with("//") => String::from("file:"),
        p if p.starts_with('/') => String::from("file://"),
        _ => String::new(),
    };
    for (at, byte) in path.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        if plain || (is_drive && at == 1) {
            uri.push(byte.into());
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri(r"C:\my src\a#1.c"), "file:///C:/my%20src/a%231.c");
        assert_eq!(uri(r"\\host\share\a.c"), "file://host/share/a.c");
        assert_eq!(uri("/src/ü.c"), "file:///src/%C3%BC.c");
        assert_eq!(uri("build/app.exe"), "build/app.exe");
    }

    #[test]
    fn rule_names_are_words_run_together() {
        assert_eq!(name_of("not an x64 image"), "NotAnX64Image");
        assert_eq!(name_of("shares (ICF)"), "SharesICF");
    }
}
