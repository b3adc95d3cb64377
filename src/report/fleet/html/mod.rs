//! The report as one page.
//!
//! Self-contained: nothing is loaded from elsewhere, and only the one script of the page runs, for
//! the page says its hash. All text goes through [`line()`], and the template escapes it.

mod tables;

use askama::Template;
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::FleetReport;
use crate::report::sanitize::line;
use tables::Table;

/// What sorts and filters the tables; the page is whole without it.
const SCRIPT: &str = include_str!("page.js");

#[derive(Template)]
#[template(config = "src/report/fleet/html/askama.toml", path = "page.html")]
struct Page {
    script_hash: String,
    script: &'static str,
    title: String,
    /// `good`, `risk` or `bad`.
    tone: &'static str,
    headline: String,
    summary: String,
    at: String,
    folder: String,
    tiles: Vec<(&'static str, usize)>,
    tables: Vec<Table>,
    version: &'static str,
}

impl FleetReport {
    /// The report as one page.
    ///
    /// # Errors
    /// Where the template can't be rendered.
    pub fn html(&self) -> Result<String, askama::Error> {
        let (processes, exposed) = self.processes();
        let silent = self.count(|m| m.stale || m.ahead) + self.unreadable.len();
        let odd = self.count(|m| !m.is_good() || m.refused + m.broken > 0);
        let (tone, headline) = match (exposed, silent) {
            (0, 0) if self.machines.is_empty() => ("risk", "No machine has reported".to_owned()),
            (0, 0) if odd == 0 => ("good", "Nothing is known to be open".to_owned()),
            (0, 0) => (
                "risk",
                "Nothing is known to be open, and not all machines are as desired".to_owned(),
            ),
            (0, _) => (
                "risk",
                "Nothing is known to be open, and not all have reported".to_owned(),
            ),
            (1, _) => ("bad", "1 process is exposed".to_owned()),
            (count, _) => ("bad", format!("{count} processes are exposed")),
        };
        let open = self.cves.iter().filter(|c| c.open > 0).count();
        let page = Page {
            script_hash: format!("sha256-{}", Base64::encode_string(&Sha256::digest(SCRIPT))),
            script: SCRIPT,
            title: format!("hotpatch report: {headline}"),
            tone,
            headline,
            summary: self.summary(),
            at: self.at.to_string(),
            folder: line(&self.folder).into_owned(),
            tiles: vec![
                ("machines", self.machines.len()),
                ("machines exposed", self.count(|m| m.tally.exposed > 0)),
                ("machines stale", self.count(|m| m.stale)),
                ("processes", processes),
                ("processes exposed", exposed),
                ("CVEs open", open),
                ("no reports", self.unreadable.len()),
            ],
            tables: self.tables(),
            version: env!("CARGO_PKG_VERSION"),
        };
        page.render()
    }
}

#[cfg(test)]
mod tests {
    use super::SCRIPT;

    #[test]
    fn the_script_can_stand_in_a_page() {
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--") && !SCRIPT.contains('\r'));
    }
}
