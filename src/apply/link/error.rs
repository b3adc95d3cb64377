//! Why a payload can't be linked.

use object::read::coff::{CoffFile, Symbol as _};

use crate::addr::Va;

/// Why a payload can't be linked. Offsets are in bytes from the start of the section.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It isn't a COFF object, or a damaged one.
    #[error("the payload is not a COFF object that can be read")]
    NotCoff(#[source] object::Error),
    /// It is for another machine.
    #[error("the payload is for machine {0:#06x}, expected x64 (0x8664)")]
    Machine(u16),
    /// A section has attributes that no part of a payload may have.
    #[error("section {section} of the payload {reason}")]
    Section {
        /// Name of the section.
        section: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It is larger than any reachable space could be.
    #[error("the payload needs {0:#x} bytes, more than 1 GiB")]
    TooLarge(u64),
    /// An undefined symbol that the manifest doesn't explain.
    #[error("symbol {symbol} is neither in the payload nor in the manifest")]
    Undefined {
        /// Its name.
        symbol: String,
    },
    /// A symbol in a section that isn't loaded.
    #[error("symbol {symbol} is in a section that is not loaded")]
    Discarded {
        /// Its name.
        symbol: String,
    },
    /// A weak, common, absolute or debug symbol.
    #[error("symbol {symbol} is of a kind that a payload may not use")]
    SymbolKind {
        /// Its name.
        symbol: String,
    },
    /// A symbol that is defined twice.
    #[error("symbol {symbol} is defined twice")]
    Duplicate {
        /// Its name.
        symbol: String,
    },
    /// Unwind information, but nothing to register it with.
    #[error("the payload has unwind information but no __hotpatch_call")]
    NoCall,
    /// A kind of fixup that a payload may not use.
    #[error("fixup of type {kind:#x} at {section}+{offset:#x} is not supported")]
    FixupKind {
        /// `IMAGE_REL_AMD64_*`.
        kind: u16,
        /// Name of the section.
        section: String,
        /// Where in the section.
        offset: u32,
    },
    /// A fixup past the end of its section.
    #[error("fixup at {section}+{offset:#x} is outside its section")]
    FixupPlace {
        /// Name of the section.
        section: String,
        /// Where in the section.
        offset: u32,
    },
    /// A value that doesn't fit its field.
    #[error(
        "{symbol} at {target} is out of reach of {section}+{offset:#x} at {place}: \
         {value:#x} does not fit {kind}"
    )]
    Range {
        /// Name of the symbol.
        symbol: String,
        /// Where the symbol is.
        target: Va,
        /// Name of the section.
        section: String,
        /// Where in the section.
        offset: u32,
        /// Where the field is.
        place: Va,
        /// What should be stored.
        value: i128,
        /// Kind of the fixup.
        kind: &'static str,
    },
}

impl LinkError {
    /// The same error with the name of the symbol that it is about.
    pub(super) fn naming<'a>(
        mut self,
        object: &CoffFile<'a, &'a [u8]>,
        index: object::SymbolIndex,
    ) -> Self {
        if let LinkError::Range { symbol, .. } = &mut self {
            let table = object.coff_symbol_table();
            if let Ok(name) = table.symbol(index).and_then(|s| s.name(table.strings())) {
                *symbol = String::from_utf8_lossy(name).into_owned();
            }
        }
        self
    }
}
