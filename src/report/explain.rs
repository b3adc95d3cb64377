//! The report of `hotpatch explain`.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::exit::Exit;
use crate::finding::{Rule, Severity};

/// Rules in their long form, or the exit codes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainReport {
    /// `hotpatch.explain/1`
    pub schema: &'static str,
    /// The rules that were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleReport>,
    /// The exit codes, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exit_codes: Vec<ExitCodeReport>,
}

/// The long form of a rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleReport {
    /// Stable code.
    pub code: &'static str,
    /// How much a finding weighs.
    pub severity: Severity,
    /// A few words that name the hazard.
    pub title: &'static str,
    /// What it is and why it matters.
    pub explanation: &'static str,
    /// The way out.
    pub remedy: &'static str,
}

/// An exit code.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExitCodeReport {
    /// The number.
    pub code: u8,
    /// What it says.
    pub meaning: &'static str,
}

impl ExplainReport {
    /// The long form of these rules.
    pub fn rules<'a>(rules: impl Iterator<Item = &'a Rule>) -> Self {
        let report = |r: &Rule| RuleReport {
            code: r.code,
            severity: r.severity,
            title: r.title,
            explanation: r.explanation,
            remedy: r.remedy,
        };
        ExplainReport {
            schema: "hotpatch.explain/1",
            rules: rules.map(report).collect(),
            exit_codes: Vec::new(),
        }
    }

    /// The exit codes of the program.
    pub fn exit_codes() -> Self {
        let report = |(exit, meaning): &(Exit, &'static str)| ExitCodeReport {
            code: exit.code(),
            meaning,
        };
        ExplainReport {
            schema: "hotpatch.explain/1",
            rules: Vec::new(),
            exit_codes: Exit::ALL.iter().map(report).collect(),
        }
    }

    /// The report as text: one rule at length, several as a list.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for exit in &self.exit_codes {
            let _ = writeln!(text, "{:>3}  {}", exit.code, exit.meaning);
        }
        if let [rule] = self.rules.as_slice() {
            return rule.text();
        }
        for rule in &self.rules {
            let _ = writeln!(text, "{}  {:<7} {}", rule.code, rule.weight(), rule.title);
        }
        text
    }
}

impl ExplainReport {
    /// The rules as a page of a manual.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "# Findings\n\n\
             Every hazard that `hotpatch` knows, by its stable code. A code is never reused for\n\
             another meaning. A *note* changes nothing. A *risk* is refused unless the release\n\
             engineer accepts it by name (`--accept CODE`), which the package records. What is\n\
             *refused* cannot be accepted. `hotpatch explain CODE` prints one of them.\n\n\
             <!-- Generated: hotpatch explain --all --format markdown -->\n\n\
             | code | | finding |\n|---|---|---|\n",
        );
        for r in &self.rules {
            let anchor = r.code.to_lowercase();
            let (code, weight, title) = (r.code, r.weight(), r.title);
            let _ = writeln!(text, "| [{code}](#{anchor}) | {weight} | {title} |");
        }
        for r in &self.rules {
            let _ = write!(
                text,
                "\n## {}\n\n**{}** ({})\n\n{}\n\n{}\n",
                r.code,
                r.title,
                r.weight(),
                wrap(r.explanation),
                wrap(&format!("*What to do:* {}", r.remedy))
            );
        }
        text
    }
}

impl RuleReport {
    fn weight(&self) -> &'static str {
        match self.severity {
            Severity::Note => "note",
            Severity::Risk => "risk",
            Severity::Refuse => "refuse",
        }
    }

    fn text(&self) -> String {
        let meaning = match self.severity {
            Severity::Note => "a note: it changes nothing".to_owned(),
            Severity::Risk => {
                format!(
                    "a risk: refused unless accepted with --accept {}",
                    self.code
                )
            }
            Severity::Refuse => "refused: it cannot be accepted".to_owned(),
        };
        format!(
            "{}: {}\n{meaning}\n\n{}\n\n{}\n",
            self.code,
            self.title,
            wrap(self.explanation),
            wrap(&format!("What to do: {}", self.remedy))
        )
    }
}

/// Breaks text into lines of at most 80 characters, where its words allow it.
fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + 8);
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > 80 {
            wrapped.push('\n');
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += width;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_wrapped_between_words() {
        let text = wrap(&"word ".repeat(40));
        assert!(text.lines().all(|l| l.len() <= 80 && !l.ends_with(' ')));
        assert_eq!(text.split_whitespace().count(), 40);
        assert_eq!(wrap(&"x".repeat(100)), "x".repeat(100));
    }
}
