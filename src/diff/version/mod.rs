//! Functions that differ in nothing but the version.
//!
//! A servicing build changes its version resource, and with it the constants of functions that
//! hold the version. That a function differs in nothing else is known where both resources say
//! so. All of this must hold:
//!
//! * old and new code, with separated parts and funclets, are the same but for constants of
//!   `mov` instructions and for texts whose address is taken;
//! * each differing constant is the same form of the old and of the new version ([`known`]):
//!   several parts packed into one number, or a part that no number is by accident; or a small
//!   part that stands in a row with the others ([`settings`]), in memory or in the parameters
//!   of a call;
//! * each differing text is the same but for the version, written with three parts or more, or
//!   for the id of the revision that the resource or the compiler's options name.
//!
//! A number that is compared or calculated with decides something, and counts as changed. So
//! does a library's own version that the resource does not have.

mod known;
mod settings;

use crate::addr::Rva;
use crate::diff::noise::body;
use crate::diff::same::{Comparer, Difference};
use crate::diff::{ChangedFunction, Diff};
use crate::function::{FunctionIndex, Place, Program, ReferenceKind};
use crate::image::VersionInfo;
use crate::symbols::Revisions;
use known::Known;
use settings::Settings;

/// The versions of both builds, where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionChange {
    /// What the old image's resource says.
    pub old: VersionInfo,
    /// What the new image's resource says.
    pub new: VersionInfo,
    known: Known,
}

/// A function that differs in nothing but the version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionOnly {
    /// In the old build.
    pub old: FunctionIndex,
    /// In the new build.
    pub new: FunctionIndex,
    /// Where the version stands, by ascending offset; the function's own code first.
    pub places: Vec<VersionPlace>,
    /// The texts among them: start and length in bytes in the old and in the new image.
    pub texts: Vec<[(Rva, u32); 2]>,
}

/// A place in code that holds a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPlace {
    /// Offset of the instruction, or of its field that leads to a text, in the piece of code
    /// that it is in.
    pub at: u32,
    /// What it is, in words: `part 3 of the file version`.
    pub what: String,
    /// In the old build.
    pub old: String,
    /// In the new build.
    pub new: String,
}

impl VersionChange {
    /// Reads the version resources; `None` where one build has none that can be read, or
    /// nothing in them and in the revisions differs.
    pub fn new(
        (old, of_old): (&Program<'_>, &Revisions),
        (new, of_new): (&Program<'_>, &Revisions),
    ) -> Option<Self> {
        let (old, new) = (old.image.version()?, new.image.version()?);
        let known = Known::new((&old, &new), (of_old, of_new));
        (known != Known::default()).then_some(VersionChange { old, new, known })
    }

    /// Whether a text holds what only the new version is written like.
    pub fn is_in_text(&self, text: &str) -> bool {
        self.known.is_in_text(text)
    }

    /// The numbers of the new version that are not met by accident.
    pub fn numbers(&self) -> Vec<u64> {
        self.known.new_numbers()
    }

    /// The parts of the version that differ, old and new; small ones are any number.
    pub fn parts(&self) -> Vec<(u64, u64)> {
        self.known.parts()
    }
}

/// The changed functions that differ in nothing but the version.
pub(super) fn find(
    diff: &Diff,
    old: &Program<'_>,
    new: &Program<'_>,
    version: &VersionChange,
) -> Vec<VersionOnly> {
    let changed = diff.functions.changed.iter();
    let plain = diff.comparer(old, new);
    let found = changed.filter_map(|c| judge(diff, &plain, &version.known, c));
    found.collect()
}

fn judge(
    diff: &Diff,
    plain: &Comparer<'_>,
    known: &Known,
    change: &ChangedFunction,
) -> Option<VersionOnly> {
    let (old, new) = (plain.old, plain.new);
    let mut pieces = body::bodies(old, new, (change.old, change.new));
    let mut found = VersionOnly {
        old: change.old,
        new: change.new,
        places: Vec::new(),
        texts: Vec::new(),
    };
    let mut ignored: Vec<(FunctionIndex, Vec<(u32, u32)>)> = Vec::new();
    for (f, g) in &pieces {
        let settings = Settings::of((old, *f), (new, *g))?;
        let mut fields = Vec::new();
        for setting in settings.list.iter().filter(|s| s.old != s.new) {
            found.places.push(VersionPlace {
                at: setting.at,
                what: settings.proven(known, setting)?,
                old: setting.old.to_string(),
                new: setting.new.to_string(),
            });
            fields.push(setting.field);
        }
        ignored.push((*f, fields));
    }
    // Most functions differ in something else, and a comparer for each takes its time.
    let leads_to_text = |(f, g): &(FunctionIndex, FunctionIndex)| match plain.difference(*f, *g) {
        Some(Difference::Reference(_, a, b)) => {
            let texts = text_at(old, a).zip(text_at(new, b));
            texts.is_some_and(|(was, is)| known.text(&was.text, &is.text).is_some())
        }
        _ => false,
    };
    if found.places.is_empty() && !pieces.iter().any(leads_to_text) {
        return None;
    }
    let comparer = |ignored: &[(FunctionIndex, Vec<(u32, u32)>)]| {
        let mut comparer = diff.comparer(old, new);
        comparer.ignored = ignored.iter().cloned().collect();
        comparer
    };
    // The function itself is compared with its parts, so these have to be the same before it.
    pieces.rotate_left(1);
    ignored.rotate_left(1);
    for at in 0..pieces.len() {
        let (f, g) = pieces[at];
        loop {
            let comparer = comparer(&ignored);
            match comparer.difference(f, g) {
                None if comparer.refers_into_changed(diff, change.old) => return None,
                None => break,
                Some(Difference::Reference(field, a, b)) => {
                    let references = &old.code_of(f).references;
                    let mut of_field = references.iter().filter(|r| r.at == field);
                    if !of_field.all(|r| r.kind == ReferenceKind::Address) {
                        return None;
                    }
                    let (was, is) = (text_at(old, a)?, text_at(new, b)?);
                    if !was.ends_like(&is) {
                        return None;
                    }
                    found.texts.push([(a, was.len as u32), (b, is.len as u32)]);
                    found.places.push(VersionPlace {
                        at: field,
                        what: known.text(&was.text, &is.text)?,
                        old: was.text,
                        new: is.text,
                    });
                    ignored[at].1.push((field, ReferenceKind::Address.width()));
                }
                Some(_) => return None,
            }
        }
    }
    (!found.places.is_empty()).then_some(found)
}

/// A text in constant data.
struct Text<'t> {
    text: String,
    /// What belongs to the same object behind its end.
    rest: &'t [u8],
    /// Bytes before that.
    len: usize,
}

impl Text<'_> {
    /// Whether what belongs to both objects behind the text is the same.
    fn ends_like(&self, other: &Text<'_>) -> bool {
        let empty = |text: &Text<'_>| text.rest.iter().all(|b| *b == 0);
        self.len == other.len && self.rest == other.rest || empty(self) && empty(other)
    }
}

/// The text that begins at an address, of narrow or of wide characters.
fn text_at<'p>(program: &'p Program<'_>, rva: Rva) -> Option<Text<'p>> {
    /// No version is written in texts that are longer.
    const LONGEST: usize = 4096;
    let extent = match program.place(rva) {
        Place::Data(d, 0) if !program.datum(d).writable => program.datum(d).content_size(),
        Place::Constant => program.compared_extent(rva),
        _ => return None,
    };
    let bytes = program.image.rest_of_section(rva)?;
    let bytes = &bytes[..bytes.len().min(extent as usize)];
    let is_text = |text: &str| {
        let mut chars = text.chars();
        (1..=LONGEST).contains(&text.len())
            && chars.all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
    };
    let narrow = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let text = String::from_utf8(bytes[..narrow].to_vec()).ok();
    // One character and a zero is what a wide text begins with.
    let (text, len) = match text.filter(|t| t.len() > 1 && is_text(t)) {
        Some(text) => (text, narrow + 1),
        None => {
            let units = bytes.chunks_exact(2);
            let units = units.map(|u| u16::from_le_bytes([u[0], u[1]]));
            let units: Vec<u16> = units.take_while(|u| *u != 0).collect();
            let text = String::from_utf16(&units).ok().filter(|t| is_text(t))?;
            (text, 2 * units.len() + 2)
        }
    };
    let rest = bytes.get(len..).unwrap_or(&[]);
    Some(Text { text, rest, len })
}
