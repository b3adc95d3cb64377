//! The report as one page for the reviewer who must approve the patch.
//!
//! Self-contained: no script, nothing that is loaded from elsewhere. All text goes through
//! [`line()`], and the template escapes it.

mod listing;
mod picture;

use askama::Template;

use super::{DiffReport, LineNumberReport, TypeUserReport};
use crate::finding::{FindingReport, Severity, rules};
use crate::image::Image;
use crate::report::sanitize::line;
use listing::Listing;
use picture::Bar;

/// More functions than this are listed by name only; nobody reviews them by eye.
const MAX_LISTINGS: usize = 300;

#[derive(Template)]
#[template(config = "src/report/diff/html/askama.toml", path = "page.html")]
struct Page {
    title: String,
    /// `good`, `risk`, `bad` or `none`.
    tone: &'static str,
    verdict: &'static str,
    headline: String,
    builds: [Build; 2],
    tiles: Vec<(&'static str, usize)>,
    findings: Vec<Finding>,
    bars: Vec<Bar>,
    functions: Vec<Function>,
    /// Functions whose code is not listed, where there are more than [`MAX_LISTINGS`].
    unlisted: usize,
    added: Vec<(String, u32)>,
    removed: Vec<(String, String)>,
    noise: Vec<(String, String)>,
    data: Vec<[String; 4]>,
    types: Vec<Type>,
    version: &'static str,
}

struct Type {
    name: String,
    detail: String,
    /// What became of its members, and who handles its objects; a line each.
    layout: Vec<String>,
    /// How many functions touch it, in words.
    summary: String,
    /// Status, name, and how it touches the type.
    users: Vec<[String; 3]>,
}

struct Build {
    which: &'static str,
    image: String,
    pdb: String,
    identity: String,
}

struct Finding {
    code: &'static str,
    /// `refuse`, `risk` or `note`.
    class: &'static str,
    weight: &'static str,
    title: &'static str,
    /// What it was found for: name, decorated name where that is another, and the reason.
    items: Vec<(Option<String>, Option<String>, String)>,
    remedy: &'static str,
    explanation: &'static str,
}

struct Function {
    anchor: String,
    name: String,
    linkage_name: Option<String>,
    old_rva: String,
    new_rva: String,
    old_size: u32,
    new_size: u32,
    reason: String,
    /// Its code and that of its separate pieces, each with a title; empty beyond the first
    /// [`MAX_LISTINGS`].
    listings: Vec<(String, Listing)>,
}

impl DiffReport {
    /// The page. `old` is the image that the picture shows.
    ///
    /// # Errors
    /// Where the template cannot be filled in; it always can.
    pub fn html(&self, old: &Image<'_>) -> Result<String, askama::Error> {
        let mut page = Page {
            title: format!("hotpatch diff: {}", line(file_name(&self.new.image))),
            tone: self.tone(),
            verdict: self.verdict_words(),
            headline: capital(
                self.headline()
                    .split_once(": ")
                    .map_or("", |(_, rest)| rest),
            ),
            builds: [self.build("old", true), self.build("new", false)],
            tiles: self.tiles(),
            findings: self.findings_views(),
            bars: picture::bars(self, old),
            functions: self.function_views(),
            unlisted: self.functions.changed.len().saturating_sub(MAX_LISTINGS),
            added: Vec::new(),
            removed: Vec::new(),
            noise: Vec::new(),
            data: self.data_rows(),
            types: Vec::new(),
            version: env!("CARGO_PKG_VERSION"),
        };
        let f = &self.functions;
        let text = |name: &str| line(name).into_owned();
        page.added = f.added.iter().map(|a| (text(&a.name), a.size)).collect();
        let removed = f.removed.iter();
        page.removed = removed
            .map(|r| (text(&r.name), r.rva.to_string()))
            .collect();
        let numbers = |list: &[LineNumberReport]| {
            let list: Vec<String> = list.iter().map(LineNumberReport::text).collect();
            list.join(", ")
        };
        let noise = f.noise.iter();
        page.noise = noise
            .map(|n| (text(&n.name), numbers(&n.line_numbers)))
            .collect();
        let types = self.types.changed.iter();
        page.types = types
            .map(|t| Type {
                name: text(&t.name),
                detail: text(&t.detail),
                layout: {
                    let mut lines = String::new();
                    t.layout_text(&mut lines);
                    lines.lines().map(|l| l.trim_start().to_owned()).collect()
                },
                summary: t.users_summary(),
                users: t.functions.iter().map(TypeUserReport::cells).collect(),
            })
            .collect();
        page.render()
    }

    fn tone(&self) -> &'static str {
        match self.verdict.status {
            "patchable" => "good",
            "accepted" => "risk",
            "unchanged" => "none",
            _ => "bad",
        }
    }

    fn verdict_words(&self) -> &'static str {
        match self.verdict.status {
            "patchable" => "Patchable",
            "accepted" => "Patchable with accepted risks",
            "unchanged" => "Unchanged",
            _ => "Restart required",
        }
    }

    fn build(&self, which: &'static str, is_old: bool) -> Build {
        let build = if is_old { &self.old } else { &self.new };
        let identity = match (&build.pdb_guid, build.pdb_age) {
            (Some(guid), Some(age)) => format!("{guid}, age {age}"),
            _ => "none".into(),
        };
        Build {
            which,
            image: line(&build.image).into_owned(),
            pdb: line(build.pdb.as_deref().unwrap_or("not needed")).into_owned(),
            identity: line(&identity).into_owned(),
        }
    }

    fn tiles(&self) -> Vec<(&'static str, usize)> {
        let f = &self.functions;
        vec![
            ("functions changed", f.changed.len()),
            ("added", f.added.len()),
            ("removed", f.removed.len()),
            ("line numbers only", f.noise.len()),
            ("unchanged", f.unchanged),
            ("types changed", self.types.changed.len()),
            ("findings", self.verdict.findings.len()),
        ]
    }

    fn findings_views(&self) -> Vec<Finding> {
        let mut ordered: Vec<_> = self.verdict.findings.iter().collect();
        ordered.sort_by_key(|f| (std::cmp::Reverse(f.severity), f.code));
        let view = |group: &[&FindingReport]| {
            let f = group[0];
            let accepted = self.verdict.accepted.contains(&f.code);
            let (class, weight) = match f.severity {
                Severity::Refuse => ("refuse", "refused"),
                Severity::Risk if accepted => ("risk", "risk, accepted"),
                Severity::Risk => ("risk", "risk"),
                Severity::Note => ("note", "note"),
            };
            Finding {
                code: f.code,
                class,
                weight,
                title: f.title,
                items: group.iter().map(|f| self.item(f)).collect(),
                remedy: f.remedy,
                explanation: rules::by_code(f.code).map_or("", |r| r.explanation),
            }
        };
        ordered
            .chunk_by(|a, b| a.code == b.code)
            .map(view)
            .collect()
    }

    /// A finding's subject by the name that people know, and its reason.
    fn item(&self, finding: &FindingReport) -> (Option<String>, Option<String>, String) {
        let safe = |text: &str| line(text).into_owned();
        let detail = safe(&finding.detail);
        let Some(subject) = finding.subject.as_deref() else {
            return (None, None, detail);
        };
        let is_subject = |linkage: &Option<String>| linkage.as_deref() == Some(subject);
        let f = &self.functions;
        let changed = f.changed.iter().find(|c| is_subject(&c.linkage_name));
        let added = f.added.iter().find(|a| is_subject(&a.linkage_name));
        let name = changed.map(|c| &c.name).or(added.map(|a| &a.name));
        match name {
            Some(name) if name != subject => (Some(safe(name)), Some(safe(subject)), detail),
            _ => (Some(safe(subject)), None, detail),
        }
    }

    fn function_views(&self) -> Vec<Function> {
        let changed = self.functions.changed.iter().enumerate();
        let view = |(index, c): (usize, &super::ChangedFunctionReport)| Function {
            anchor: format!("f{index}"),
            name: line(&c.name).into_owned(),
            linkage_name: c
                .linkage_name
                .as_deref()
                .filter(|n| *n != c.name)
                .map(|n| line(n).into_owned()),
            old_rva: c.old_rva.to_string(),
            new_rva: c.new_rva.to_string(),
            old_size: c.old_size,
            new_size: c.new_size,
            reason: match c.version_only.is_empty() {
                true => line(&c.reason).into_owned(),
                false => format!("{}; only the version differs", line(&c.reason)),
            },
            listings: if index < MAX_LISTINGS {
                listings(c)
            } else {
                Vec::new()
            },
        };
        changed.map(view).collect()
    }

    fn data_rows(&self) -> Vec<[String; 4]> {
        let d = &self.data;
        let row = |what: &str, name: &str, place: String, detail: String| {
            [what.to_owned(), line(name).into_owned(), place, detail]
        };
        let changed = d.changed.iter().map(|c| {
            let detail = c.change.replace('-', " ");
            row("changed", &c.name, c.old_rva.to_string(), detail)
        });
        let bytes = |size: u32| format!("{size} bytes");
        let added = d.added.iter();
        let added = added.map(|a| row("added", &a.name, format!("{} (new)", a.rva), bytes(a.size)));
        let removed = d.removed.iter();
        let removed = removed.map(|r| row("removed", &r.name, r.rva.to_string(), bytes(r.size)));
        changed.chain(added).chain(removed).collect()
    }
}

/// The code of a function, then that of its separate pieces.
fn listings(function: &super::ChangedFunctionReport) -> Vec<(String, Listing)> {
    let own = function.side_by_side.iter();
    let own = own.map(|rows| (String::new(), Listing::new(rows)));
    let pieces = function.pieces.iter();
    let pieces = pieces.map(|p| (p.title(), Listing::new(&p.side_by_side)));
    own.chain(pieces).collect()
}

/// The text with a capital at its start.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.clone()).collect()
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Rva;
    use crate::report::diff::{
        BuildReport, ChangedFunctionReport, InstructionReport, PieceReport, RowReport,
        VerdictReport,
    };

    fn rows() -> Vec<RowReport> {
        let instruction = |text: &str| InstructionReport {
            offset: 0,
            instruction: text.into(),
            file: None,
            line: None,
        };
        vec![RowReport {
            old: Some(instruction("mov eax, 1")),
            new: Some(instruction("mov eax, 2")),
            same: false,
        }]
    }

    /// A report of so many changed functions, each with a separate piece.
    fn page(count: u32) -> String {
        let function = |i: u32| ChangedFunctionReport {
            name: format!("function_{i}"),
            linkage_name: None,
            old_rva: Rva(0x1000 + i),
            new_rva: Rva(0x1000 + i),
            old_size: 5,
            new_size: 5,
            reason: "an instruction differs at +0x1".into(),
            same_sources: None,
            version_only: Vec::new(),
            first_difference: None,
            side_by_side: Some(rows()),
            pieces: vec![PieceReport {
                name: format!("function_{i}.cold"),
                old_rva: Some(Rva(0x9000)),
                new_rva: None,
                side_by_side: rows(),
            }],
        };
        let build = || BuildReport {
            image: "a.exe".into(),
            pdb: None,
            pdb_guid: None,
            pdb_age: None,
        };
        let mut report = DiffReport {
            schema: "hotpatch.diff/1",
            old: build(),
            new: build(),
            version: None,
            functions: Default::default(),
            data: Default::default(),
            types: Default::default(),
            resources: Vec::new(),
            account: None,
            verdict: VerdictReport {
                status: "patchable",
                accepted: Vec::new(),
                acceptable: Vec::new(),
                findings: Vec::new(),
            },
            timings_ms: Default::default(),
        };
        report.functions.changed = (0..count).map(function).collect();
        let bytes = std::fs::read("fixtures/server/old/server.exe").unwrap();
        report.html(&Image::parse(&bytes).unwrap()).unwrap()
    }

    #[test]
    fn separate_pieces_are_listed_with_their_function() {
        let title = "function_0.cold, a separate piece of it (0x9000 → nowhere)";
        assert!(page(1).contains(title));
    }

    #[test]
    fn a_long_page_says_what_it_does_not_list() {
        assert!(!page(300).contains("in the table only"));
        let page = page(302);
        assert!(page.contains("The other 2 are in the table only"));
        assert!(page.contains("function_299.cold") && !page.contains("function_300.cold"));
    }
}
