//! Every byte in which two images differ belongs to something that the report can name.
//!
//! The comparison asks of each item whether it changed, and rests on knowing every form in
//! which code refers to data. The account asks the other way round: it takes the bytes of
//! both images, one after the other, and wants to know of each why it needs no patch, or
//! that it is in it. It takes over which function and which datum of one build is which of
//! the other, and nothing else that it can check in bytes:
//!
//! * a function that is called unchanged must have the same bytes outside of its fields
//!   ([`code`]), and lead to the same bytes wherever it refers to constants ([`links`]);
//! * bytes of data that differ must be reached by functions of the patch alone, or be named
//!   by another finding ([`verdicts`]). A constant that nobody is seen to use, and that
//!   changed, is used in a way that was not seen;
//! * bytes that nothing leads to must lie at the corresponding place of the other build
//!   ([`orphans`]), unless they are a constant that a compiler left over ([`unused`]);
//! * what code may walk over from marker to marker must be the same from start to end
//!   ([`lists`]);
//! * a number may be the place of code that is replaced ([`midway`]);
//! * headers and tables of the linker are compared field by field ([`headers`], [`tables`]).
//!
//! What is left over is refused.

mod code;
mod copies;
mod headers;
mod links;
mod lists;
mod map;
mod midway;
mod orphans;
mod reach;
mod roles;
mod tables;
mod unused;
mod unwind;
mod verdicts;

pub use map::Bytes;

use std::collections::BTreeSet;

use crate::addr::Rva;
use crate::diff::Diff;
use crate::finding::{
    Finding,
    rules::{code as of_code, data},
};
use crate::function::Program;
use crate::image::Image;
use map::{Class, Map};

/// How many places a report shows.
const SHOWN: usize = 32;

/// What the bytes of both images belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Bytes of the old file.
    pub old: Bytes,
    /// Bytes of the new file.
    pub new: Bytes,
    /// Where a difference is that nothing explains, and constants with users that stay.
    pub unexplained: Vec<Unexplained>,
    /// How many of these there are; no more than some are listed.
    pub count: usize,
}

/// Why a byte could not be accounted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nothing explains it.
    Nothing,
    /// A constant, and not everything that may use it is in the patch.
    User,
    /// Nothing is seen to refer to it, and code may walk over it.
    Unseen,
    /// A number that leads into the middle of a function of the patch.
    PointedInto,
}

/// A difference that is not accounted for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unexplained {
    /// Why not.
    pub why: Why,
    /// What it is about, where that has a name.
    pub subject: Option<String>,
    /// Where it is and what lies around it, in words.
    pub detail: String,
    /// Its place in the old image, where it has one.
    pub old: Option<Rva>,
    /// Its place in the new image, where it has one.
    pub new: Option<Rva>,
}

/// Collects what is left over.
#[derive(Default)]
struct Rest {
    found: BTreeSet<Unexplained>,
}

impl Rest {
    fn nothing(&mut self, old: Option<Rva>, new: Option<Rva>, detail: String) {
        self.add(Why::Nothing, (old, new), None, detail);
    }

    fn user(&mut self, old: Rva, new: Rva, subject: Option<String>, detail: String) {
        self.add(Why::User, (Some(old), Some(new)), subject, detail);
    }

    fn add(
        &mut self,
        why: Why,
        (old, new): (Option<Rva>, Option<Rva>),
        subject: Option<String>,
        detail: String,
    ) {
        self.found.insert(Unexplained {
            why,
            subject,
            detail,
            old,
            new,
        });
    }
}

impl Account {
    /// The account of an image and itself.
    pub fn of_itself(image: &Image<'_>) -> Self {
        let bytes = Bytes {
            shared: image.bytes.len() as u64,
            ..Bytes::default()
        };
        Account {
            old: bytes,
            new: bytes,
            ..Account::default()
        }
    }

    /// Accounts for the difference of two builds. `findings` are those that are known so
    /// far: what they name is explained.
    pub fn new(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &[Finding]) -> Self {
        if old.image.bytes == new.image.bytes {
            return Account::of_itself(old.image);
        }
        let reported = |code: &str| findings.iter().any(|f| f.rule.code == code);
        let mut rest = Rest::default();
        let mut maps = (Map::new(old.image), Map::new(new.image));
        let (a, b) = (
            headers::Headers::of(old.image),
            headers::Headers::of(new.image),
        );
        headers::compare((&a, old.image), (&b, new.image), &reported, &mut rest);
        let linker_made = (tables::of(old, &a), tables::of(new, &b));
        for (map, tables) in [(&mut maps.0, &linker_made.0), (&mut maps.1, &linker_made.1)] {
            for (rva, size) in &tables.ranges {
                map.paint(*rva, *size, Class::Metadata);
            }
        }
        tables::compare((old, &a), (new, &b), diff, &reported, &mut rest);
        let roles = roles::Roles::new(old, new, diff);
        let comparer = diff.comparer(old, new);
        code::account(&comparer, &roles, &mut maps, &mut rest);
        unwind::account(old, new, &roles, &mut rest);
        let tables = (&linker_made.0, &linker_made.1);
        let mut links = links::Links::new(&comparer, tables);
        links.of_code(&roles);
        links.of_names();
        links.of_thread_locals();
        links.follow();
        let patch = reach::Reach::new(old, new, &roles);
        let known = verdicts::Known {
            diff,
            links: &links,
            patch: &patch,
            startup: reported("HP214"),
            thread_locals: reported("HP306"),
            unnamed: reported("HP307"),
        };
        verdicts::judge(&comparer, &known, &mut maps, &mut rest);
        orphans::account(&comparer, &known, &mut maps, &mut rest);
        lists::account(&comparer, &known, &mut rest);
        midway::account(old, &roles, &linker_made.0, &mut rest);
        let mut account = Account::default();
        for (bytes, map, image, headers) in [
            (&mut account.old, &maps.0, old.image, &a),
            (&mut account.new, &maps.1, new.image, &b),
        ] {
            map.add_to(bytes);
            let sections: u64 = image.sections.iter().map(|s| s.file_size as u64).sum();
            // Headers, symbols and signatures behind the sections, and alignment in the file.
            bytes.metadata += (image.bytes.len() as u64).saturating_sub(sections);
            bytes.padding += headers.file_padding(image);
            bytes.metadata = bytes.metadata.saturating_sub(headers.file_padding(image));
        }
        account.count = rest.found.len();
        account.unexplained = rest.found.into_iter().take(SHOWN).collect();
        account
    }

    /// What is not accounted for, as findings.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self
            .unexplained
            .iter()
            .map(|u| {
                let rule = match u.why {
                    Why::Nothing => &data::UNEXPLAINED,
                    Why::User => &data::CONSTANT_IN_USE,
                    Why::Unseen => &data::UNSEEN_USE,
                    Why::PointedInto => &of_code::POINTED_INTO,
                };
                match &u.subject {
                    Some(subject) => Finding::about(rule, subject.clone(), u.detail.clone()),
                    None => Finding::new(rule, u.detail.clone()),
                }
            })
            .collect();
        let more = self.count.saturating_sub(self.unexplained.len());
        if more > 0 {
            let detail = format!("there are {more} more such places");
            findings.push(Finding::new(&data::UNEXPLAINED, detail));
        }
        findings
    }
}
