//! Which functions touch a type whose layout changed, as a report.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::{ChangedTypeReport, HandlingReport};
use crate::diff::{Fate, MemberChange, TypeChange, TypeUser};
use crate::function::Program;
use crate::report::sanitize::line;
use crate::symbols::Relation;

/// More functions than this are in the JSON and HTML reports only.
const MAX_SHOWN: usize = 12;
/// More ways than this to touch a type are in the JSON report only.
const MAX_WAYS: usize = 3;

/// A function that is known to touch a type.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TypeUserReport {
    /// Name in the procedure record.
    pub name: String,
    /// Decorated name; null where there is none.
    pub linkage_name: Option<String>,
    /// `changed`, `added`, `removed`, `line-numbers` (nothing else differs),
    /// `left-out` (nothing but the version differs) or `unchanged`.
    pub status: &'static str,
    /// `is`: it mentions the type itself, a pointer to it or an array of it. `contains`: a
    /// type with a member of it. `points-to`: a type with a member that points to it.
    pub relation: &'static str,
    /// How it touches the type.
    pub through: Vec<ThroughReport>,
    /// Whether a patch brings it: it is changed or added.
    pub in_patch: bool,
    /// Names of the members that differ and that it may use: it reads or writes at their
    /// offsets.
    pub members: Vec<String>,
    /// What it does with whole objects.
    pub handles: Vec<HandlingReport>,
}

/// One way in which a function touches a type.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ThroughReport {
    /// `signature`, `parameter NAME`, `variable NAME`, `static variable NAME`, `allocation`
    /// or `inlined NAME`.
    pub what: String,
    /// The class, structure or union that is mentioned there.
    #[serde(rename = "type")]
    pub type_name: String,
    /// As for the function.
    pub relation: &'static str,
}

/// The functions that touch a type.
pub fn reports(old: &Program<'_>, new: &Program<'_>, change: &TypeChange) -> Vec<TypeUserReport> {
    let users = change.users.iter();
    users
        .filter_map(|u| TypeUserReport::new(old, new, change, u))
        .collect()
}

impl TypeUserReport {
    fn new(
        old: &Program<'_>,
        new: &Program<'_>,
        change: &TypeChange,
        user: &TypeUser,
    ) -> Option<Self> {
        let differing = change.layout.iter().flat_map(|l| &l.members);
        let differing: Vec<&MemberChange> = differing.collect();
        let members = user.members.iter().filter_map(|at| differing.get(*at));
        let function = match (user.new, user.old) {
            (Some(function), _) => new.function(function),
            (None, Some(function)) => old.function(function),
            (None, None) => return None,
        };
        let through = user.touches.iter().map(|t| ThroughReport {
            what: t.what.clone(),
            type_name: t.type_name.clone(),
            relation: relation(t.related.relation),
        });
        Some(TypeUserReport {
            name: function.display_name(),
            linkage_name: function.linkage_name().map(str::to_owned),
            status: match user.fate {
                Fate::Changed => "changed",
                Fate::Added => "added",
                Fate::Removed => "removed",
                Fate::LineNumbers => "line-numbers",
                Fate::LeftOut => "left-out",
                Fate::Unchanged => "unchanged",
            },
            relation: relation(user.relation),
            through: through.collect(),
            in_patch: matches!(user.fate, Fate::Changed | Fate::Added),
            members: members.map(|m| m.name.clone()).collect(),
            handles: user.handles.iter().map(HandlingReport::new).collect(),
        })
    }

    /// How it touches the type, in words.
    fn through_text(&self) -> String {
        let way = |t: &ThroughReport| {
            let what = line(&t.what);
            match t.relation {
                "contains" => format!("{what} (in {})", line(&t.type_name)),
                "points-to" => format!("{what} (behind {})", line(&t.type_name)),
                _ => what.into_owned(),
            }
        };
        let mut ways: Vec<String> = self.through.iter().take(MAX_WAYS).map(way).collect();
        if self.through.len() > MAX_WAYS {
            ways.push("…".into());
        }
        ways.join(", ")
    }

    /// Status, name and how it touches the type.
    pub(super) fn cells(&self) -> [String; 3] {
        let name = line(&self.name).into_owned();
        [self.status.replace('-', " "), name, self.through_text()]
    }
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Is => "is",
        Relation::Contains => "contains",
        Relation::PointsTo => "points-to",
    }
}

impl ChangedTypeReport {
    /// How many functions touch it, in words.
    pub(super) fn users_summary(&self) -> String {
        let count = |status: &str| self.functions.iter().filter(|f| f.status == status).count();
        let parts = [
            "changed",
            "added",
            "removed",
            "line-numbers",
            "left-out",
            "unchanged",
        ]
        .map(|status| (count(status), status.replace('-', " ")))
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, status)| format!("{n} {status}"));
        let parts: Vec<String> = parts.collect();
        match parts.as_slice() {
            [] => "no function is known to touch it".into(),
            parts => format!("functions that touch it: {}", parts.join(", ")),
        }
    }

    /// Appends the functions that touch it.
    pub(super) fn users_text(&self, text: &mut String) {
        let _ = writeln!(text, "           {}", self.users_summary());
        for user in self.functions.iter().take(MAX_SHOWN) {
            let [status, name, through] = user.cells();
            let _ = writeln!(text, "             {status:<12} {name}: {through}");
        }
        if self.functions.len() > MAX_SHOWN {
            let more = self.functions.len() - MAX_SHOWN;
            let _ = writeln!(
                text,
                "             … and {more} more (--format json has them all)"
            );
        }
    }
}
