//! Two [`Program`]s → [`Diff`]: what changed, once everything that merely moved is
//! taken out.
//!
//! Functions and data are matched by name ([`keys`]) and compared in canonical form
//! ([`same`]): bytes with every layout-dependent field replaced by the place that it
//! means. Places are equal when they carry a common name; places without a name are
//! equal when their content is.

mod content;
mod data;
mod functions;
mod image;
mod keys;
mod modules;
mod rtti;
mod same;
mod types;
mod unwind;

pub use data::{DataChange, DataChangeKind, DataDiff};
pub use functions::{ChangedFunction, FunctionDiff, place_text};
pub use image::ImageDiff;
pub use keys::{KeyId, Keys};
pub use types::TypeChange;

use crate::function::{DataIndex, FunctionIndex, Program};

/// Everything that differs between two builds.
#[derive(Debug)]
pub struct Diff {
    /// Names and what carries them in both builds.
    pub keys: Keys,
    /// Functions.
    pub functions: FunctionDiff,
    /// Named data.
    pub data: DataDiff,
    /// Classes, structures and unions whose layout differs.
    pub types: Vec<TypeChange>,
    /// What else the images differ in.
    pub image: ImageDiff,
}

impl Diff {
    /// Compares two builds.
    pub fn new(old: &Program<'_>, new: &Program<'_>) -> Self {
        let keys = Keys::new(old, new);
        let comparer = same::Comparer::new(old, new, &keys);
        let functions = functions::diff(&comparer);
        let data = data::diff(&comparer);
        let image = image::diff(&comparer);
        let types = types::diff(old.symbols, new.symbols);
        Diff {
            keys,
            functions,
            data,
            types,
            image,
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
    }

    /// The old function that carries a name of this new one.
    pub fn old_function(&self, new: FunctionIndex) -> Option<FunctionIndex> {
        self.keys.old_function_of(new)
    }

    /// The old datum that carries a name of this new one.
    pub fn old_datum(&self, new: DataIndex) -> Option<DataIndex> {
        self.keys.old_datum_of(new)
    }
}
