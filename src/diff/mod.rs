//! Two [`Program`]s → [`Diff`]: what changed, once everything that merely moved is
//! taken out.
//!
//! Functions and data are matched by name ([`keys`]) and compared in canonical form
//! ([`same`]): bytes with every layout-dependent field replaced by the place that it
//! means. Places are equal when they carry a common name; places without a name are
//! equal when their content is.

mod base;
mod by_hand;
mod content;
mod data;
mod declared;
mod enlarged;
mod functions;
mod handling;
mod image;
mod keys;
mod layout_change;
mod makers;
mod meaning;
mod modules;
mod names;
mod namesakes;
mod no_field;
mod noise;
mod numbers;
mod paths;
mod region;
mod replaced;
mod resources;
mod retyped;
mod rtti;
mod same;
mod same_place;
mod sources;
mod thread_local;
mod told_apart;
mod type_users;
mod types;
mod untold;
mod unwind;
mod variables;
mod version;

pub use data::{DataChange, DataChangeKind, DataDiff};
pub use enlarged::{Enlarged, WhyTaken};
pub use functions::{ChangedFunction, FunctionDiff, place_text};
pub use handling::{Deed, Handling};
pub use image::ImageDiff;
pub use keys::{KeyId, Keys};
pub use layout_change::{LayoutChange, MemberChange, MemberFate, MemberPlace};
pub use meaning::MAX_DISTANCE;
pub use names::{rust_name, stable_name};
pub use noise::{LineNumber, Noise};
pub use numbers::{NumberForm, NumberReference};
pub use replaced::Replaced;
pub use resources::ResourceChange;
pub use retyped::Retyped;
pub use rtti::image_relative_fields;
pub use same::Comparer;
pub use thread_local::ThreadLocalPairs;
pub use told_apart::{Folded, ToldApart};
pub use type_users::{Fate, TypeUser};
pub use types::{TypeChange, TypeChangeKind};
pub use untold::Untold;
pub use variables::follows;
pub use version::{VersionChange, VersionOnly, VersionPlace};

use crate::function::{DataIndex, FunctionIndex, Program};
use crate::symbols::{Lines, Mentions, Origins, Revisions, Touches, Types};

/// Everything that differs between two builds.
#[derive(Debug)]
pub struct Diff {
    /// Names and what carries them in both builds.
    pub keys: Keys,
    /// Functions.
    pub functions: FunctionDiff,
    /// Named data.
    pub data: DataDiff,
    /// Classes, structures and unions whose layout differs, and enumerations whose values do.
    pub types: Vec<TypeChange>,
    /// Variables of both builds whose type gives what is stored in them another meaning.
    pub retyped: Vec<Retyped>,
    /// What else the images differ in.
    pub image: ImageDiff,
    /// Resources that differ.
    pub resources: Vec<ResourceChange>,
    /// Changed functions that had one address with others.
    pub folded: Folded,
    /// Functions that differ in nothing but line numbers, and so have not changed; empty
    /// until [`Diff::set_aside_line_numbers`].
    pub noise: Vec<Noise>,
    /// The changed functions whose source files are known, old and new, with whether these are
    /// the same; empty until [`Diff::compare_sources`].
    pub same_sources: Vec<(FunctionIndex, FunctionIndex, bool)>,
    /// What both version resources say, where they differ; `None` until
    /// [`Diff::find_version_numbers`].
    pub version: Option<VersionChange>,
    /// Those of the changed functions that differ in nothing but the version.
    pub version_only: Vec<VersionOnly>,
    /// Functions that differ in nothing but the version, and that the author leaves as they
    /// are; they are not among the changed ones.
    pub left_out: Vec<VersionOnly>,
    /// New classes that have an old one inside, for which new code may take an object of the old
    /// build; empty until [`Diff::find_untold`].
    pub enlarged: Vec<Enlarged>,
    /// New code at objects of which no type is told; empty until [`Diff::find_untold`].
    pub untold: Vec<Untold>,
    /// Functions whose types went and came; empty until [`Diff::find_replaced`].
    pub replaced: Vec<Replaced>,
    /// Types of which more can be told once it is known which files define them.
    open_types: Vec<types::Open>,
    /// Both builds are one and the same, so that every item is its own counterpart whatever
    /// its name.
    identity: bool,
}

impl Diff {
    /// Compares two builds.
    pub fn new(old: &Program<'_>, new: &Program<'_>) -> Self {
        let mut keys = Keys::new(old, new);
        let folded = told_apart::tell_apart(old, new, &mut keys);
        let comparer = same::Comparer::new(old, new, &keys);
        let functions = functions::diff(&comparer);
        let data = data::diff(&comparer);
        let image = image::diff(&comparer);
        let (types, open_types) = types::diff(old.symbols, new.symbols);
        let retyped = retyped::diff(&comparer);
        Diff {
            keys,
            functions,
            data,
            types,
            retyped,
            image,
            resources: resources::diff(old, new),
            folded,
            noise: Vec::new(),
            same_sources: Vec::new(),
            version: None,
            version_only: Vec::new(),
            left_out: Vec::new(),
            enlarged: Vec::new(),
            untold: Vec::new(),
            replaced: Vec::new(),
            open_types,
            identity: false,
        }
    }

    /// The difference of a build to itself, without making the comparison.
    pub fn of_itself(program: &Program<'_>) -> Self {
        Diff {
            keys: Keys::new(program, program),
            functions: FunctionDiff::default(),
            data: DataDiff::default(),
            types: Vec::new(),
            retyped: Vec::new(),
            image: ImageDiff::default(),
            resources: Vec::new(),
            folded: Folded::default(),
            noise: Vec::new(),
            same_sources: Vec::new(),
            version: None,
            version_only: Vec::new(),
            left_out: Vec::new(),
            enlarged: Vec::new(),
            untold: Vec::new(),
            replaced: Vec::new(),
            open_types: Vec::new(),
            identity: false,
        }
    }

    /// As [`Diff::of_itself`], and known to be that: no name is needed to tell what is what.
    pub fn identity(program: &Program<'_>) -> Self {
        Diff {
            identity: true,
            ..Diff::of_itself(program)
        }
    }

    /// Compares single functions and places of the two builds that this is the difference of.
    pub fn comparer<'c>(&'c self, old: &'c Program<'c>, new: &'c Program<'c>) -> Comparer<'c> {
        Comparer::new(old, new, &self.keys)
    }

    /// Takes the functions out of the changed ones that are proven to differ in nothing but
    /// line numbers (see [`noise`]).
    pub fn set_aside_line_numbers(
        &mut self,
        old: (&Program<'_>, &Lines),
        new: (&Program<'_>, &Lines),
    ) {
        let found = noise::find(self, old, new);
        let is_noise = |c: &ChangedFunction| found.iter().any(|n| (n.old, n.new) == (c.old, c.new));
        self.functions.changed.retain(|c| !is_noise(c));
        self.noise = found;
    }

    /// Finds out of which changed functions the source files are the same.
    pub fn compare_sources(&mut self, old: (&Program<'_>, &Lines), new: (&Program<'_>, &Lines)) {
        self.same_sources = sources::compare(self, old, new);
    }

    /// Whether the version resources differ, and a changed function may hold the version.
    pub fn may_hold_version(&self) -> bool {
        !self.functions.changed.is_empty() && self.resources.iter().any(|r| r.is_version)
    }

    /// Finds out which of the changed functions differ in nothing but the version.
    pub fn find_version_numbers(
        &mut self,
        old: (&Program<'_>, &Revisions),
        new: (&Program<'_>, &Revisions),
    ) {
        self.version = VersionChange::new(old, new);
        if let Some(version) = &self.version {
            self.version_only = version::find(self, old.0, new.0, version);
        }
    }

    /// Takes the functions out of the changed ones for which `is_wanted` holds and that differ
    /// in nothing but the version.
    pub fn leave_out(&mut self, is_wanted: impl Fn(&VersionOnly) -> bool) {
        let (out, kept) = std::mem::take(&mut self.version_only)
            .into_iter()
            .partition(is_wanted);
        self.version_only = kept;
        self.left_out = out;
        let is_out = |c: &ChangedFunction| {
            let mut out = self.left_out.iter();
            out.any(|v| (v.old, v.new) == (c.old, c.new))
        };
        self.functions.changed.retain(|c| !is_out(c));
    }

    /// Unchanged functions of both builds whose lines help to tell what is a line number.
    pub fn line_witnesses(
        &self,
        old: &Program<'_>,
        new: &Program<'_>,
    ) -> (Vec<FunctionIndex>, Vec<FunctionIndex>) {
        noise::witnesses(self, old, new)
    }

    /// Whether [`Diff::tell_types_apart`] can tell more about the types.
    pub fn has_open_types(&self) -> bool {
        !self.open_types.is_empty()
    }

    /// Tells types of one name apart by the files that define them: a file more with a type of
    /// its own is no change of the others.
    pub fn tell_types_apart(&mut self, old: (&Types, &Origins), new: (&Types, &Origins)) {
        let sources = Some((old.1, new.1));
        self.types = types::judge(&self.open_types, (old.0, new.0), sources);
    }

    /// Whether [`Diff::find_replaced`] may find something.
    pub fn may_have_replaced(&self, old: &Program<'_>, new: &Program<'_>) -> bool {
        !self.identity && replaced::may_be_found(self, &old.symbols.types, &new.symbols.types)
    }

    /// Finds functions whose types went and came (see [`replaced`]).
    pub fn find_replaced(
        &mut self,
        old: (&Program<'_>, &Mentions),
        new: (&Program<'_>, &Mentions),
    ) {
        self.replaced = replaced::find(self, old, new);
    }

    /// Whether [`Diff::find_untold`] may find something.
    pub fn may_have_untold(&self, old: &Program<'_>, new: &Program<'_>) -> bool {
        !self.identity
            && (untold::may_be_found(self, old, new) || enlarged::may_be_found(self, old, new))
    }

    /// Finds new code at objects of which no type is told (see [`untold`]).
    pub fn find_untold(&mut self, old: &Program<'_>, new: (&Program<'_>, &Mentions)) {
        self.untold = untold::find(self, old, new);
        self.enlarged = enlarged::find(self, old, new);
    }

    /// Whether [`Diff::add_declared_types`] may find something.
    pub fn has_declared_types(&self, old: &Program<'_>, new: &Program<'_>) -> bool {
        declared::may_be_found(self, old, new)
    }

    /// Adds the classes that a build only declares, and of which code shows that a member may
    /// have moved (see [`declared`]).
    pub fn add_declared_types(
        &mut self,
        old: (&Program<'_>, &Mentions),
        new: (&Program<'_>, &Mentions),
    ) {
        let found = declared::find(self, old, new);
        self.types.extend(found);
    }

    /// Lists for each type that differs the functions that touch it.
    pub fn find_type_users(
        &mut self,
        old: (&Program<'_>, &Touches),
        new: (&Program<'_>, &Touches),
    ) {
        let users = type_users::find(self, old, new);
        for (change, users) in self.types.iter_mut().zip(users) {
            change.users = users;
        }
    }

    /// Whether nothing differs that the running program could notice.
    pub fn is_empty(&self) -> bool {
        self.functions.changed.is_empty()
            && self.functions.added.is_empty()
            && self.functions.removed.is_empty()
            && self.data.changed.is_empty()
            && self.data.removed.is_empty()
            && self.types.is_empty()
            && self.image.is_empty()
            && self.resources.iter().all(|r| r.is_version)
    }

    /// Whether both builds are one and the same.
    pub fn is_identity(&self) -> bool {
        self.identity
    }

    /// The old function that carries a name of this new one.
    pub fn old_function(&self, new: FunctionIndex) -> Option<FunctionIndex> {
        if self.identity {
            return Some(new);
        }
        self.keys.old_function_of(new)
    }

    /// The old datum that carries a name of this new one.
    pub fn old_datum(&self, new: DataIndex) -> Option<DataIndex> {
        if self.identity {
            return Some(new);
        }
        self.keys.old_datum_of(new)
    }

    /// The new functions that carry a name of this old one.
    pub fn new_functions(&self, old: FunctionIndex) -> Vec<FunctionIndex> {
        if self.identity {
            return vec![old];
        }
        self.keys.new_functions_of(old)
    }

    /// Whether which function of the new build this old one is could only be guessed.
    pub fn function_is_ambiguous(&self, old: FunctionIndex) -> bool {
        !self.identity && self.keys.function_is_ambiguous(old)
    }

    /// Whether which function of the old build this new one is could only be guessed.
    pub fn new_function_is_ambiguous(&self, new: FunctionIndex) -> bool {
        !self.identity && self.keys.new_function_is_ambiguous(new)
    }

    /// Whether which datum of the old build this new one is could only be guessed.
    pub fn datum_is_ambiguous(&self, new: DataIndex) -> bool {
        !self.identity && self.keys.datum_is_ambiguous(new)
    }
}
