//! The skeleton of the author's part of a patch (`build --hooks-template`): where the layout of
//! a type changed, the new members as variables that are attached to objects, and the hooks.
//!
//! It is C and C++ at once and compiles as it is. What is in the PDBs comes from outside:
//! names are made identifiers, and texts in comments can't end them.

mod names;

use std::collections::BTreeSet;
use std::fmt::Write;

use self::names::{Names, comment};
use crate::diff::{Deed, Diff, Fate, LayoutChange, MemberChange, MemberFate, TypeChange, TypeUser};
use crate::function::Program;

const HEAD: &str = include_str!("head.c");
const TAIL: &str = include_str!("tail.c");

/// What is done with whole objects, in words, and what that means for what is attached.
const DEEDS: [(&[Deed], &str, &str); 5] = [
    (
        &[Deed::Allocates, Deed::Constructs],
        "makes objects",
        "a new object has nothing attached, so that _fill is called for it, too",
    ),
    (&[Deed::Copies], "copies objects", "copy what is attached"),
    (&[Deed::Clears], "clears objects", "call _forget there"),
    (
        &[Deed::HandsOnSize],
        "makes, copies or clears objects",
        "it hands their size on",
    ),
    (
        &[Deed::Frees, Deed::Destroys],
        "frees objects",
        "call _forget there",
    ),
];

/// A skeleton.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skeleton {
    /// The source.
    pub text: String,
    /// The types that it is about.
    pub types: Vec<String>,
    /// How many members it attaches.
    pub members: usize,
}

impl Skeleton {
    /// The skeleton for what changed between two builds.
    pub fn new(
        old: &Program<'_>,
        new: &Program<'_>,
        diff: &Diff,
        [old_name, new_name]: [&str; 2],
    ) -> Self {
        let head = HEAD.replace("OLD_IMAGE", &comment(old_name));
        let mut skeleton = Skeleton {
            text: head.replace("NEW_IMAGE", &comment(new_name)),
            types: Vec::new(),
            members: 0,
        };
        let mut names = Names::default();
        let mut fills = String::new();
        for change in &diff.types {
            let Some(layout) = &change.layout else {
                continue;
            };
            let part = Part {
                old,
                new,
                change,
                layout,
                name: names.unique(&change.name),
            };
            skeleton.types.push(change.name.clone());
            part.write(&mut skeleton.text, &mut skeleton.members, &mut fills);
        }
        if skeleton.types.is_empty() {
            let none = "\n/* No type has another layout whose members are known. */\n";
            skeleton.text.push_str(none);
        }
        skeleton
            .text
            .push_str(&TAIL.replace("    FILL_OBJECTS\n", &fills));
        skeleton
    }
}

/// What is written about one type.
struct Part<'s> {
    old: &'s Program<'s>,
    new: &'s Program<'s>,
    change: &'s TypeChange,
    layout: &'s LayoutChange,
    /// What its names begin with.
    name: String,
}

impl Part<'_> {
    fn write(&self, text: &mut String, count: &mut usize, fills: &mut String) {
        let attached: Vec<&MemberChange> = self.attached();
        self.heading(text);
        if attached.is_empty() {
            text.push_str("/* Nothing of it can be attached to an object. */\n");
            return;
        }
        *count += attached.len();
        let _ = writeln!(
            fills,
            "    /* FILL: for every {} that can be found: {}_of(object); */",
            comment(&self.change.name),
            self.name
        );
        self.variables(&attached, text);
    }

    /// New members that an object can have beside it, and those that have another type now.
    /// Of a member whose type has no name its own members come as well: one of them is enough.
    fn attached(&self) -> Vec<&MemberChange> {
        let new = self.layout.members.iter().filter(|m| {
            matches!(m.fate, MemberFate::Came | MemberFate::Retyped) && m.is_attachable()
        });
        let new: Vec<&MemberChange> = new.collect();
        let is_inner = |m: &MemberChange| {
            let mut outer = new.iter();
            outer.any(|o| {
                m.name
                    .strip_prefix(&o.name)
                    .is_some_and(|r| r.starts_with('.'))
            })
        };
        new.iter().filter(|m| !is_inner(m)).copied().collect()
    }

    /// What became of the members, and which functions have to do with that.
    fn heading(&self, text: &mut String) {
        let layout = self.layout;
        let name = comment(&self.change.name);
        let _ = writeln!(
            text,
            "\n/* ==== {name}: {} bytes, {} in the new build ====\n *",
            layout.old_size, layout.new_size
        );
        for member in &layout.members {
            let verb = match member.fate {
                MemberFate::Came => "new",
                MemberFate::Went => "gone, to be kept",
                MemberFate::Retyped => "of another type",
                MemberFate::Moved => continue,
            };
            let place = member.place();
            let _ = writeln!(
                text,
                " *   {} ({}, offset {:#x}): {verb}",
                comment(&member.name),
                comment(&place.type_name),
                place.offset
            );
        }
        match layout.with(MemberFate::Moved).count() {
            0 => {}
            n => {
                let _ = writeln!(
                    text,
                    " *   {n} other members moved; with the old layout they are where they were"
                );
            }
        }
        let differs = |u: &&TypeUser| {
            let mut members = u.members.iter().filter_map(|at| layout.members.get(*at));
            is_brought(u) && members.any(|m| m.fate != MemberFate::Moved)
        };
        let users = || self.change.users.iter();
        let (to_change, others): (Vec<_>, Vec<_>) =
            users().filter(|u| is_brought(u)).partition(differs);
        self.list(
            "To be changed, for they have code at the offset of such a member (or of something\n \
             * else that lies there):",
            to_change,
            text,
        );
        if !others.is_empty() {
            let _ = writeln!(
                text,
                " *\n * Of the patch, and they may differ in nothing but where members lie: {}.",
                others.len()
            );
        }
        for (deeds, does, what) in DEEDS {
            let does_it = |u: &&TypeUser| u.handles.iter().any(|h| deeds.contains(&h.deed));
            let is_proven = |u: &&TypeUser| {
                let mut handles = u.handles.iter();
                handles.any(|h| deeds.contains(&h.deed) && h.proven)
            };
            let (known, possible): (Vec<_>, Vec<_>) = users().filter(does_it).partition(is_proven);
            self.list(&format!("{does}: {what}"), known, text);
            self.list(&format!("May be what {does}: {what}"), possible, text);
        }
        text.push_str(" */\n");
    }

    fn list(&self, what: &str, users: Vec<&TypeUser>, text: &mut String) {
        if users.is_empty() {
            return;
        }
        let _ = writeln!(text, " *\n * {what}");
        let names: BTreeSet<String> = users.into_iter().filter_map(|u| self.function(u)).collect();
        for name in names {
            let _ = writeln!(text, " *     {name}");
        }
    }

    fn function(&self, user: &TypeUser) -> Option<String> {
        let new = user.new.map(|f| self.new.function(f).display_name());
        let name = new.or_else(|| user.old.map(|f| self.old.function(f).display_name()))?;
        let stays = if is_brought(user) {
            ""
        } else {
            " (not changed so far)"
        };
        Some(format!("{}{stays}", comment(&name)))
    }

    /// The attached variable, and what gets at it.
    fn variables(&self, attached: &[&MemberChange], text: &mut String) {
        let name = &self.name;
        let types: Vec<_> = attached
            .iter()
            .filter_map(|m| m.declared.as_ref())
            .collect();
        let tags: BTreeSet<&String> = types.iter().flat_map(|d| &d.tags).collect();
        for tag in tags {
            let _ = writeln!(text, "{tag};");
        }
        let mut fields = Names::default();
        let fields: Vec<String> = attached.iter().map(|m| fields.unique(&m.name)).collect();
        for (field, (member, declared)) in fields.iter().zip(attached.iter().zip(&types)) {
            let typedef = declared.declare(&format!("{name}_{field}_t"));
            let note = match declared.stands_in {
                true => format!(
                    " /* FILL: room for {} */",
                    comment(&member.place().type_name)
                ),
                false => String::new(),
            };
            let _ = writeln!(text, "typedef {typedef};{note}");
        }
        let _ = writeln!(text, "\nstruct {name}_added {{\n    int filled;");
        for field in &fields {
            let _ = writeln!(text, "    {name}_{field}_t {field};");
        }
        let _ = write!(
            text,
            "}};\n\n\
             /* What the new build would have in an object that the old build made: called at the\n \
             * first use of what is attached to an object, when all of it is zero. */\n\
             static void {name}_fill(struct {name}_added *added, const void *object)\n{{\n    \
             /* FILL */\n    (void)added;\n    (void)object;\n}}\n\n\
             /* What is attached to an object; null where there is no memory for it. As with the\n \
             * members of the object itself, two threads must not use it at once. */\n\
             HOTPATCH_UNUSED static struct {name}_added *{name}_of(const void *object)\n{{\n    \
             struct {name}_added *added = HOTPATCH_SHADOW_GET_OR_ALLOC(object, {name}_id, struct {name}_added);\n    \
             if (added && !added->filled) {{\n        {name}_fill(added, object);\n        \
             added->filled = 1;\n    }}\n    return added;\n}}\n\n\
             /* To be called where an object is freed. */\n\
             HOTPATCH_UNUSED static void {name}_forget(const void *object)\n{{\n    \
             hotpatch_shadow_free(object, {name}_id);\n}}\n"
        );
        // A number that no other type of the file has.
        let id = format!("\nenum {{ {name}_id = {} }};\n", self.id());
        let at = text
            .rfind(&format!("\nstruct {name}_added {{"))
            .unwrap_or(0);
        text.insert_str(at, &id);
        for field in &fields {
            let _ = write!(
                text,
                "\nHOTPATCH_UNUSED static {name}_{field}_t *{name}_{field}(const void *object)\n{{\n    \
                 struct {name}_added *added = {name}_of(object);\n    \
                 return added ? &added->{field} : NULL;\n}}\n"
            );
        }
    }

    /// The number of what is attached, the same whenever the skeleton is written: where one
    /// object lies at the start of another, both may have something attached.
    fn id(&self) -> u32 {
        let hash = self.name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        hash & 0x7fff_ffff
    }
}

/// Whether a patch brings a function.
fn is_brought(user: &TypeUser) -> bool {
    matches!(user.fate, Fate::Changed | Fate::Added)
}
