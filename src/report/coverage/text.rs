//! The coverage report as text.

use std::fmt::Write;

use super::advice::functions_text;
use super::{CoverageReport, SharesReport};
use crate::finding::Severity;
use crate::report::diff::findings_text;
use crate::report::sanitize::line;

impl CoverageReport {
    /// The report for a person: the share first, then the reasons, then the advice.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let f = &self.functions;
        if f.total == 0 {
            let _ = writeln!(
                text,
                "No function can be patched: {}",
                line(&self.build.image)
            );
            text.push_str(&findings_text(&self.findings));
            return text;
        }
        let _ = writeln!(
            text,
            "{} of {} functions could be patched ({}), {} of their code",
            f.patchable,
            f.total,
            percent(f.patchable as u64, f.total as u64),
            percent(f.patchable_bytes, f.total_bytes)
        );
        let _ = writeln!(text, "  image  {}", line(&self.build.image));
        if f.at_risk > 0 {
            let _ = writeln!(text, "  {} more with a risk accepted by name", f.at_risk);
        }
        self.reasons_text(&mut text);
        self.sizes_text(&mut text);
        if let Some(ready) = &self.ready {
            ready.text(&mut text);
        }
        if !self.advice.is_empty() {
            text.push_str("\nWhat would help\n");
        }
        for a in &self.advice {
            let _ = writeln!(text, "  {}\n    {}", a.switches, a.why);
        }
        text.push_str(&findings_text(&self.findings));
        text
    }

    fn reasons_text(&self, text: &mut String) {
        if self.reasons.is_empty() {
            return;
        }
        text.push_str("\nWhy not\n");
        for r in &self.reasons {
            let word = match r.severity {
                Severity::Risk => " (risk)",
                _ => "",
            };
            let _ = writeln!(
                text,
                "  {} {}{word}: {} with {} bytes; {}",
                r.code,
                r.title,
                functions_text(r.functions),
                r.bytes,
                match r.alone {
                    0 => "never the only reason".to_owned(),
                    n => format!("the only reason for {n}"),
                }
            );
            for e in &r.examples {
                let _ = writeln!(
                    text,
                    "      {} at {} ({} bytes): {}",
                    line(&e.name),
                    e.rva,
                    e.size,
                    line(&e.detail)
                );
            }
        }
    }

    fn sizes_text(&self, text: &mut String) {
        text.push_str("\nBy length in bytes\n");
        for s in self.by_size.iter().filter(|s| s.functions.total > 0) {
            let range = match s.to {
                Some(to) => format!("{}–{to}", s.from),
                None => format!("{} and more", s.from),
            };
            let SharesReport {
                total, patchable, ..
            } = s.functions;
            let share = percent(patchable as u64, total as u64);
            let _ = writeln!(text, "  {range:<14} {patchable:>7} of {total:<7} {share}");
        }
    }
}

/// A share in percent, with one decimal; what is not all is never 100 %.
fn percent(part: u64, whole: u64) -> String {
    let tenths = (part * 1000).checked_div(whole).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_all_is_not_a_hundred_percent() {
        assert_eq!(percent(9999, 10000), "99.9 %");
        assert_eq!(percent(3, 3), "100.0 %");
        assert_eq!(percent(0, 0), "0.0 %");
    }
}
