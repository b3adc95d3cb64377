//! What became of the members of a type, and who handles its objects, as a report.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::{ChangedTypeReport, TypeUserReport};
use crate::diff::{Deed, Handling, LayoutChange, MemberChange, MemberFate, MemberPlace};
use crate::report::sanitize::line;

/// More members than this are in the JSON report only.
const MAX_MEMBERS: usize = 12;
/// More functions than this are in the JSON report only.
const MAX_FUNCTIONS: usize = 6;

/// How the layout of a type differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LayoutReport {
    /// Size of an object in the old build in bytes.
    pub old_size: u64,
    /// Size of an object in the new build in bytes.
    pub new_size: u64,
    /// The members that are not what and where they were.
    pub members: Vec<MemberReport>,
}

/// A member that is not what and where it was.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberReport {
    /// Its name, `base`, `vtable` or that of a virtual function. A member of a member without a
    /// type name is called `outer.inner`.
    pub name: String,
    /// `came`, `went`, `retyped` (it may have moved as well) or `moved`.
    pub change: &'static str,
    /// Where it was; null where it came.
    pub old: Option<MemberPlaceReport>,
    /// Where it is now; null where it went.
    pub new: Option<MemberPlaceReport>,
}

/// Where a member lies.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberPlaceReport {
    /// Offset in the object in bytes; of a virtual function in its table.
    pub offset: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// What a function does with a whole object of a type.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HandlingReport {
    /// `allocates`, `constructs`, `copies`, `clears`, `destroys`, `frees` or `size` (the size
    /// is handed to something of which it is not known what it does).
    pub what: &'static str,
    /// Whether a record of the debug information proves it; else it may be.
    pub proven: bool,
    /// What says so.
    pub how: String,
}

impl LayoutReport {
    /// The report of a layout that differs.
    pub fn new(layout: &LayoutChange) -> Self {
        LayoutReport {
            old_size: layout.old_size,
            new_size: layout.new_size,
            members: layout.members.iter().map(MemberReport::new).collect(),
        }
    }
}

impl MemberReport {
    fn new(member: &MemberChange) -> Self {
        let place = |place: &MemberPlace| MemberPlaceReport {
            offset: place.offset,
            type_name: place.type_name.clone(),
        };
        MemberReport {
            name: member.name.clone(),
            change: match member.fate {
                MemberFate::Came => "came",
                MemberFate::Went => "went",
                MemberFate::Retyped => "retyped",
                MemberFate::Moved => "moved",
            },
            old: member.old.as_ref().map(place),
            new: member.new.as_ref().map(place),
        }
    }

    /// Where it was and is, and its type.
    fn places(&self) -> String {
        let at = |p: &MemberPlaceReport| format!("{} at {:#x}", line(&p.type_name), p.offset);
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if old.type_name == new.type_name => {
                format!(
                    "{}, {:#x} → {:#x}",
                    line(&old.type_name),
                    old.offset,
                    new.offset
                )
            }
            (Some(old), Some(new)) => format!("{} → {}", at(old), at(new)),
            (old, new) => new.as_ref().or(old.as_ref()).map_or_else(String::new, at),
        }
    }

    /// By how much it moved.
    fn shift(&self) -> Option<i128> {
        let (old, new) = (self.old.as_ref()?, self.new.as_ref()?);
        Some(i128::from(new.offset) - i128::from(old.offset))
    }
}

impl HandlingReport {
    pub(super) fn new(handling: &Handling) -> Self {
        HandlingReport {
            what: match handling.deed {
                Deed::Allocates => "allocates",
                Deed::Constructs => "constructs",
                Deed::Copies => "copies",
                Deed::Clears => "clears",
                Deed::Destroys => "destroys",
                Deed::Frees => "frees",
                Deed::HandsOnSize => "size",
            },
            proven: handling.proven,
            how: handling.how.clone(),
        }
    }

    /// What is done, in words.
    fn words(&self) -> String {
        let may = if self.proven { "" } else { "may be what " };
        match self.what {
            "size" => "may be what allocates, copies or clears it".to_owned(),
            what => format!("{may}{what} it"),
        }
    }
}

impl ChangedTypeReport {
    /// Appends what became of its members, who may use them, and who handles its objects.
    pub(super) fn layout_text(&self, text: &mut String) {
        let Some(layout) = &self.layout else {
            return;
        };
        let (moved, others): (Vec<_>, Vec<_>) =
            layout.members.iter().partition(|m| m.change == "moved");
        for member in others.iter().take(MAX_MEMBERS) {
            let users = self
                .functions
                .iter()
                .filter(|f| f.members.contains(&member.name));
            let _ = writeln!(
                text,
                "           {:<8} {} ({}): {}",
                member.change,
                line(&member.name),
                member.places(),
                by_offset(&users.collect::<Vec<_>>())
            );
        }
        if others.len() > MAX_MEMBERS {
            let more = others.len() - MAX_MEMBERS;
            let _ = writeln!(
                text,
                "           … and {more} more (--format json has them all)"
            );
        }
        for run in moved
            .chunk_by(|a, b| a.shift() == b.shift())
            .take(MAX_MEMBERS)
        {
            let [first, .., last] = run else {
                for one in run {
                    let (name, places) = (line(&one.name), one.places());
                    let _ = writeln!(text, "           moved    {name} ({places})");
                }
                continue;
            };
            let _ = writeln!(
                text,
                "           moved    {} ({}) … {} ({}): {} members",
                line(&first.name),
                first.places(),
                line(&last.name),
                last.places(),
                run.len()
            );
        }
        self.handling_text(text);
    }

    /// Appends who allocates, copies and frees its objects.
    fn handling_text(&self, text: &mut String) {
        let mut deeds: Vec<(String, Vec<String>)> = Vec::new();
        for function in &self.functions {
            for handling in &function.handles {
                let stays = match function.in_patch {
                    true => String::new(),
                    false => format!(", {}", function.status.replace('-', " ")),
                };
                let who = format!("{} ({}{stays})", line(&function.name), line(&handling.how));
                let words = handling.words();
                match deeds.iter_mut().find(|(known, _)| *known == words) {
                    Some((_, list)) => list.push(who),
                    None => deeds.push((words, vec![who])),
                }
            }
        }
        if deeds.is_empty() {
            text.push_str("           who allocates, copies and frees it is not known\n");
        }
        for (words, list) in deeds {
            let shown = list[..list.len().min(MAX_FUNCTIONS)].join(", ");
            let more = match list.len().checked_sub(MAX_FUNCTIONS) {
                None | Some(0) => String::new(),
                Some(more) => format!(" and {more} more (--format json has them all)"),
            };
            let _ = writeln!(text, "           {words}: {shown}{more}");
        }
    }
}

/// Functions with code at the offset of a member.
fn by_offset(users: &[&TypeUserReport]) -> String {
    let mark = |u: &&TypeUserReport| match u.in_patch {
        true => line(&u.name).into_owned(),
        false => format!("{} ({})", line(&u.name), u.status),
    };
    let names: Vec<String> = users.iter().take(MAX_FUNCTIONS).map(mark).collect();
    match users.len().checked_sub(MAX_FUNCTIONS) {
        _ if users.is_empty() => "no code is seen at that offset".into(),
        None | Some(0) => format!("code at that offset in {}", names.join(", ")),
        Some(more) => format!(
            "code at that offset in {} and {more} more",
            names.join(", ")
        ),
    }
}
