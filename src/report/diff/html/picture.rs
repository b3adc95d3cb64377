//! Where in the old image the changes lie: one bar per section, a mark per change.

use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::report::diff::DiffReport;
use crate::report::sanitize::line;

/// Width of the widest bar in the units of the picture.
const WIDTH: f64 = 760.0;
/// A section that is tiny beside the others still shows.
const MIN_BAR: f64 = 6.0;
/// So does a mark.
const MIN_MARK: f64 = 2.0;

/// A section.
pub struct Bar {
    /// Its name.
    pub name: String,
    /// Where it begins, and its length in words.
    pub extent: String,
    /// `code`, `constant` or `variable`.
    pub kind: &'static str,
    /// Distance from the top.
    pub y: usize,
    /// Width, in proportion to the widest section.
    pub width: String,
    /// What changed in it.
    pub marks: Vec<Mark>,
}

/// A change.
pub struct Mark {
    /// `changed`, `removed`, `noise` or `data`.
    pub class: &'static str,
    /// Distance from the left.
    pub x: String,
    /// Width.
    pub width: String,
    /// What it is.
    pub title: String,
}

struct Change<'r> {
    class: &'static str,
    rva: Rva,
    size: u32,
    name: &'r str,
}

/// The bars of all sections, top down.
pub fn bars(report: &DiffReport, old: &Image<'_>) -> Vec<Bar> {
    let changes = changes(report);
    let widest = old.sections.iter().map(|s| s.virtual_size).max();
    let scale = WIDTH / f64::from(widest.unwrap_or(1).max(1));
    let bar = |(index, section): (usize, &crate::image::Section)| {
        let width = (f64::from(section.virtual_size) * scale).max(MIN_BAR);
        let inside = changes
            .iter()
            .filter(|c| section.rva <= c.rva && c.rva < section.end());
        let marks = inside.map(|c| {
            let x = f64::from(c.rva.0 - section.rva.0) * scale;
            let mark = (f64::from(c.size) * scale).max(MIN_MARK).min(width);
            Mark {
                class: c.class,
                x: format!("{:.1}", x.min(width - mark)),
                width: format!("{mark:.1}"),
                title: format!("{} at {}, {} bytes", line(c.name), c.rva, c.size),
            }
        });
        Bar {
            name: line(&section.name).into_owned(),
            extent: format!("{} + {}", section.rva, size_text(section.virtual_size)),
            kind: match section.kind() {
                SectionKind::Code => "code",
                SectionKind::Writable => "variable",
                _ => "constant",
            },
            y: index * 44,
            width: format!("{width:.1}"),
            marks: marks.collect(),
        }
    };
    old.sections.iter().enumerate().map(bar).collect()
}

/// Everything that has a place in the old image; what matters most is drawn last.
fn changes(report: &DiffReport) -> Vec<Change<'_>> {
    let change = |class, rva, size, name| Change {
        class,
        rva,
        size,
        name,
    };
    let f = &report.functions;
    let noise = f.noise.iter();
    let removed = f.removed.iter();
    let data = report.data.changed.iter();
    let changed = f.changed.iter();
    noise
        .map(|n| change("noise", n.old_rva, n.size, n.name.as_str()))
        .chain(removed.map(|r| change("removed", r.rva, r.size, r.name.as_str())))
        .chain(data.map(|d| change("data", d.old_rva, 1, d.name.as_str())))
        .chain(changed.map(|c| change("changed", c.old_rva, c.old_size, c.name.as_str())))
        .collect()
}

fn size_text(bytes: u32) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", f64::from(bytes) / 1024.0),
        _ => format!("{:.1} MiB", f64::from(bytes) / 1_048_576.0),
    }
}
