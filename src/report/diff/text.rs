//! The diff report as text.

use std::fmt::Write;

use super::{DiffReport, FirstDifferenceReport, LineNumberReport, VerdictReport, side_by_side};
use crate::finding::{FindingReport, Severity};
use crate::report::sanitize::line;

impl DiffReport {
    /// The report for a person: the verdict first, then what it rests on.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}", self.headline());
        let _ = writeln!(text, "  old  {}", line(&self.old.image));
        let _ = writeln!(text, "  new  {}", line(&self.new.image));
        self.functions_text(&mut text);
        self.version_text(&mut text);
        self.data_text(&mut text);
        if !self.types.changed.is_empty() {
            let _ = writeln!(text, "\nTypes");
            for t in &self.types.changed {
                let _ = writeln!(text, "  changed  {}: {}", line(&t.name), line(&t.detail));
                t.layout_text(&mut text);
                t.users_text(&mut text);
            }
        }
        if let Some(account) = &self.account {
            text.push_str(&account.text());
        }
        text.push_str(&self.verdict.findings_text());
        text
    }

    pub(super) fn headline(&self) -> String {
        let changed = self.functions.changed.len();
        let count = match changed {
            1 => "1 function changed".to_owned(),
            n => format!("{n} functions changed"),
        };
        match self.verdict.status {
            "unchanged" => "Unchanged: no function changed, there is nothing to patch".into(),
            "patchable" => format!("Patchable: {count}, all can be applied live"),
            "accepted" => format!(
                "Patchable with accepted risks ({}): {count}",
                self.verdict.accepted.join(", ")
            ),
            _ => format!("Restart required: {count}, {}", self.verdict.why()),
        }
    }

    fn functions_text(&self, text: &mut String) {
        let f = &self.functions;
        let _ = writeln!(text, "\nFunctions ({} unchanged)", f.unchanged);
        for c in &f.changed {
            let _ = writeln!(
                text,
                "  changed  {} at {} ({} → {} bytes): {}",
                line(&c.name),
                c.old_rva,
                c.old_size,
                c.new_size,
                line(&c.reason)
            );
            let mark = match (c.version_only.is_empty(), c.same_sources) {
                (false, _) => "only the version differs",
                (true, Some(true)) => "its source files are the same in both builds",
                (true, _) => "",
            };
            if !mark.is_empty() {
                let _ = writeln!(text, "             {mark}");
            }
            for (which, side) in c.first_difference.iter().flat_map(|d| d.sides()) {
                let _ = writeln!(text, "             {which}  {side}");
            }
        }
        for a in &f.added {
            let _ = writeln!(text, "  added    {} ({} bytes)", line(&a.name), a.size);
        }
        for r in &f.removed {
            let _ = writeln!(text, "  removed  {} at {}", line(&r.name), r.rva);
        }
        self.noise_text(text);
        for c in &f.changed {
            if let Some(rows) = &c.side_by_side {
                side_by_side::text(c, rows, text);
            }
        }
    }

    fn noise_text(&self, text: &mut String) {
        let noise = &self.functions.noise;
        if noise.is_empty() {
            return;
        }
        let _ = writeln!(text, "\nOnly line numbers differ ({})", noise.len());
        for n in noise {
            let numbers = n.line_numbers.iter();
            let numbers: Vec<String> = numbers.map(LineNumberReport::text).collect();
            let _ = writeln!(text, "  {}: {}", line(&n.name), numbers.join(", "));
        }
    }

    fn data_text(&self, text: &mut String) {
        let d = &self.data;
        if d.changed.is_empty() && d.added.is_empty() && d.removed.is_empty() {
            return;
        }
        let _ = writeln!(text, "\nData");
        for c in &d.changed {
            let _ = writeln!(
                text,
                "  changed  {} at {}: {}",
                line(&c.name),
                c.old_rva,
                c.change
            );
        }
        for a in &d.added {
            let _ = writeln!(text, "  added    {} ({} bytes)", line(&a.name), a.size);
        }
        for r in &d.removed {
            let _ = writeln!(text, "  removed  {} at {}", line(&r.name), r.rva);
        }
    }
}

impl FirstDifferenceReport {
    /// Both sides as text, each with its name.
    pub fn sides(&self) -> [(&'static str, String); 2] {
        [("old", &self.old), ("new", &self.new)].map(|(which, side)| {
            let text = match side {
                Some(i) if i.line.is_some() => format!("{}  ({})", i.text(), i.place()),
                Some(i) => i.text(),
                None => "(the code ends before)".into(),
            };
            (which, text)
        })
    }
}

impl LineNumberReport {
    /// `file.c 120 → 121`
    pub fn text(&self) -> String {
        format!("{} {} → {}", line(&self.file), self.old_line, self.new_line)
    }
}

impl VerdictReport {
    /// What stands in the way, in a few words.
    fn why(&self) -> String {
        let refusals = self.count(Severity::Refuse);
        match (refusals, self.acceptable.as_slice()) {
            (0, codes) => format!(
                "risks to accept by name: {}",
                codes
                    .iter()
                    .map(|c| format!("--accept {c}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            ),
            (1, _) => "1 finding stands in the way".into(),
            (n, _) => format!("{n} findings stand in the way"),
        }
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|f| f.severity == severity)
            .count()
    }

    /// The findings, the heaviest first; empty where there are none.
    pub fn findings_text(&self) -> String {
        findings_text(&self.findings)
    }
}

/// Findings as text, the heaviest first; empty where there are none.
pub fn findings_text(findings: &[FindingReport]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut ordered: Vec<&FindingReport> = findings.iter().collect();
    ordered.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let mut text = String::from("\nFindings\n");
    for f in ordered {
        let word = match f.severity {
            Severity::Refuse => "refused",
            Severity::Risk => "risk",
            Severity::Note => "note",
        };
        let _ = write!(text, "  {} {word}: {}", f.code, f.title);
        if let Some(subject) = &f.subject {
            let _ = write!(text, " [{}]", line(subject));
        }
        let _ = writeln!(text, "\n    {}", line(&f.detail));
        if f.severity != Severity::Note {
            let _ = writeln!(text, "    way out: {}", f.remedy);
        }
    }
    text
}
