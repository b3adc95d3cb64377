//! The report of `hotpatch coverage`.

mod advice;
mod ready;
mod text;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

pub use ready::ReadyReport;

use super::diff::BuildReport;
use crate::addr::Rva;
use crate::finding::{Finding, FindingReport, Severity};
use crate::function::Program;
use crate::plan::Checked;

/// Which share of a build's functions could be hotpatched.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CoverageReport {
    /// `hotpatch.coverage/1`
    pub schema: &'static str,
    /// The build.
    pub build: BuildReport,
    /// Findings about the image as a whole; a refusal among them holds for every function.
    pub findings: Vec<FindingReport>,
    /// How many functions there are, and how many could be patched.
    pub functions: SharesReport,
    /// Why the others could not, the most frequent reason first.
    pub reasons: Vec<ReasonReport>,
    /// The same shares by length of the functions.
    pub by_size: Vec<SizeReport>,
    /// Switches that would help.
    pub advice: Vec<AdviceReport>,
    /// How ready the build is as Microsoft's tools mean it; null where no function could be
    /// patched.
    pub ready: Option<ReadyReport>,
}

/// Functions by whether they could be patched.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct SharesReport {
    /// All functions.
    pub total: usize,
    /// Nothing stands in the way.
    pub patchable: usize,
    /// A risk stands in the way that can be accepted by name.
    pub at_risk: usize,
    /// The patch would be refused.
    pub not_patchable: usize,
    /// Bytes of code in all functions.
    pub total_bytes: u64,
    /// Bytes of code in patchable functions.
    pub patchable_bytes: u64,
}

/// A reason why functions could not be patched.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReasonReport {
    /// Stable code of the rule.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// A few words that name the hazard.
    pub title: &'static str,
    /// How many functions it stands in the way of.
    pub functions: usize,
    /// Bytes of code in those.
    pub bytes: u64,
    /// For how many of them it is the only reason.
    pub alone: usize,
    /// The way out.
    pub remedy: &'static str,
    /// The longest of those functions.
    pub examples: Vec<ExampleReport>,
}

/// A function that could not be patched.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExampleReport {
    /// Name in the procedure record.
    pub name: String,
    /// Address.
    pub rva: Rva,
    /// Length in bytes, separated parts included.
    pub size: u32,
    /// Why not.
    pub detail: String,
}

/// Functions of one range of lengths.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SizeReport {
    /// The shortest length in bytes.
    pub from: u32,
    /// The longest length in bytes; null for no limit.
    pub to: Option<u32>,
    /// How many functions there are, and how many could be patched.
    pub functions: SharesReport,
}

/// A switch that would help.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AdviceReport {
    /// The switches.
    pub switches: &'static str,
    /// What they would change.
    pub why: String,
}

/// Upper ends of the ranges of lengths.
const SIZES: [u32; 5] = [4, 15, 63, 255, 1023];
/// How many functions are named for each reason.
const EXAMPLES: usize = 5;

impl SharesReport {
    fn add(&mut self, size: u32, worst: Option<Severity>) {
        self.total += 1;
        self.total_bytes += u64::from(size);
        match worst {
            Some(Severity::Refuse) => self.not_patchable += 1,
            Some(Severity::Risk) => self.at_risk += 1,
            Some(Severity::Note) | None => {
                self.patchable += 1;
                self.patchable_bytes += u64::from(size);
            }
        }
    }
}

impl CoverageReport {
    /// The report about a build of which no function can be patched.
    pub fn refused(build: BuildReport, findings: &[Finding]) -> Self {
        CoverageReport {
            schema: "hotpatch.coverage/1",
            build,
            findings: findings.iter().map(FindingReport::from).collect(),
            functions: SharesReport::default(),
            reasons: Vec::new(),
            by_size: Vec::new(),
            advice: Vec::new(),
            ready: None,
        }
    }

    /// The report about a build whose functions were checked.
    pub fn new(
        build: BuildReport,
        findings: &[Finding],
        program: &Program<'_>,
        checked: &[Checked],
    ) -> Self {
        let mut functions = SharesReport::default();
        let mut by_size = size_ranges();
        for c in checked {
            let size = program.function(c.function).code_len();
            functions.add(size, c.worst());
            let range = SIZES.partition_point(|to| *to < size);
            by_size[range].functions.add(size, c.worst());
        }
        let reasons = reasons(program, checked);
        let advice = advice::advice(program, &reasons);
        CoverageReport {
            functions,
            reasons,
            by_size,
            advice,
            ready: Some(ReadyReport::new(program)),
            ..CoverageReport::refused(build, findings)
        }
    }
}

fn size_ranges() -> Vec<SizeReport> {
    let ends = SIZES.iter().copied().map(Some).chain([None]);
    let mut from = 0;
    let mut ranges = Vec::new();
    for to in ends {
        ranges.push(SizeReport {
            from,
            to,
            functions: SharesReport::default(),
        });
        from = to.map_or(from, |t| t + 1);
    }
    ranges
}

fn reasons(program: &Program<'_>, checked: &[Checked]) -> Vec<ReasonReport> {
    let mut by_code: BTreeMap<&str, Vec<(&Checked, &Finding)>> = BTreeMap::new();
    for c in checked {
        let grave = c.findings.iter();
        for f in grave.filter(|f| f.rule.severity != Severity::Note) {
            by_code.entry(f.rule.code).or_default().push((c, f));
        }
    }
    let lists = by_code.into_values();
    let mut reasons: Vec<ReasonReport> = lists.map(|list| reason(program, list)).collect();
    reasons.sort_by_key(|r| std::cmp::Reverse((r.severity, r.functions)));
    reasons
}

/// The functions that one rule stands in the way of; there is at least one.
fn reason(program: &Program<'_>, mut list: Vec<(&Checked, &Finding)>) -> ReasonReport {
    let rule = list[0].1.rule;
    let size = |c: &Checked| program.function(c.function).code_len();
    list.sort_by_key(|(c, _)| std::cmp::Reverse(size(c)));
    let examples = list.iter().take(EXAMPLES);
    ReasonReport {
        code: rule.code,
        severity: rule.severity,
        title: rule.title,
        functions: list.len(),
        bytes: list.iter().map(|(c, _)| u64::from(size(c))).sum(),
        alone: list.iter().filter(|(c, _)| c.findings.len() == 1).count(),
        remedy: rule.remedy,
        examples: examples.map(|(c, f)| example(program, c, f)).collect(),
    }
}

fn example(program: &Program<'_>, checked: &Checked, finding: &Finding) -> ExampleReport {
    let f = program.function(checked.function);
    ExampleReport {
        name: f.display_name(),
        rva: f.rva,
        size: f.code_len(),
        detail: finding.detail.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_lengths_meet() {
        let ranges = size_ranges();
        assert_eq!(ranges[0].from, 0);
        assert!(ranges.last().unwrap().to.is_none());
        for pair in ranges.windows(2) {
            assert_eq!(pair[0].to.map(|t| t + 1), Some(pair[1].from));
        }
        assert_eq!(SIZES.partition_point(|to| *to < 4), 0);
        assert_eq!(SIZES.partition_point(|to| *to < 5), 1);
    }
}
