//! PDB → our own records: procedures, data, publics, section contributions, types.
//!
//! This is the only place where a `pdb::` type occurs. A record that is not
//! understood is counted (see [`Symbols::unknown_records`]), never silently dropped.

mod compiler;
mod container;
mod eligibility;
mod features;
pub mod fixups;
mod guard;
mod items;
mod lines;
mod locals;
mod modules;
mod origins;
mod pdb_file;
mod raw;
mod revisions;
mod signatures;
mod touches;
mod types;

use std::collections::BTreeMap;

pub use compiler::{Compiler, Language};
pub use eligibility::findings;
pub use fixups::Fixup;
pub use lines::{CodeRange, Lines, SourceLine};
pub use locals::{Local, local_variables};
pub use modules::{Module, object_name};
pub use origins::{Origin, Origins};
pub use raw::{SwitchEntry, SwitchTable, kind_name};
pub use revisions::{Revisions, is_revision};
pub use signatures::signatures;
pub use touches::{ALLOCATION, Mentions, Touch, Touches};
pub use types::{
    Behind, DeclaredAs, Definition, Enumeration, Layout, Meanings, Member, Related, Relation,
    Relations, Returned, Signature, Told, TypeIndex, Types, Within, is_closure, is_unnamed,
    last_component,
};

use crate::addr::Rva;

/// Why a PDB could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SymbolsError {
    /// It is something else.
    #[error("not a PDB: {0}")]
    NotPdb(&'static str),
    /// Blocks at its end are missing.
    #[error("the PDB is cut off: it has {found:#x} bytes instead of {expected:#x}")]
    CutOff {
        /// Bytes that its header announces.
        expected: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// The container or one of its streams is inconsistent.
    #[error("the PDB cannot be read")]
    Pdb(#[from] pdb::Error),
    /// A record that the analysis rests on is malformed.
    #[error("malformed {what} in the PDB: {reason}")]
    Malformed {
        /// Which record or stream.
        what: &'static str,
        /// What was expected and what was found.
        reason: String,
    },
    /// The reader gave up in a way that is a defect of the reader.
    #[error("the PDB is damaged in a way its reader does not handle")]
    Damaged,
}

/// Whether a file that begins with these bytes can be a PDB.
///
/// # Errors
/// [`SymbolsError::NotPdb`], which says what it is instead where that can be told.
pub fn recognise(head: &[u8]) -> Result<(), SymbolsError> {
    const SIGNATURE: &[u8] = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0";
    Err(SymbolsError::NotPdb(match head {
        _ if head.starts_with(SIGNATURE) => return Ok(()),
        [] => "the file is empty",
        [b'M', b'Z', ..] => "the file is an image",
        [b'B', b'S', b'J', b'B', ..] => "the file is a portable PDB, which holds no native code",
        _ if head.starts_with(b"Microsoft MSFZ Container") => {
            "the file is a compressed PDB (MSFZ): expand it with pdzdecompress of Microsoft's \
             crate pdz, or take it from the server uncompressed"
        }
        [b'M', b'S', b'C', b'F', ..] => {
            "the file is a cabinet, as symbol servers keep PDBs (.pd_): unpack it with expand.exe \
             or cabextract"
        }
        [b'S', b'Z', b'D', b'D', ..] => {
            "the file is compressed (SZDD): unpack it with expand.exe or msexpand"
        }
        _ if head.starts_with(b"Microsoft C/C++ program ") => {
            "the file is of the format before Visual C++ 7"
        }
        _ => "it does not begin with Microsoft C/C++ MSF 7.00",
    }))
}

/// Index into [`Symbols::modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleIndex(pub u32);

/// A procedure record (`S_GPROC32`, `S_LPROC32` and their `_ID` forms).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// First byte of the code.
    pub rva: Rva,
    /// Length of the code in bytes.
    pub size: u32,
    /// Name in the record: qualified, without parameters.
    pub name: String,
    /// The module that holds the record.
    pub module: ModuleIndex,
    /// Visible outside of its module.
    pub global: bool,
    /// Marked as never returning.
    pub never_returns: bool,
    /// Its type.
    pub type_index: TypeIndex,
}

/// A variable or constant with an address (`S_GDATA32`, `S_LDATA32`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datum {
    /// First byte.
    pub rva: Rva,
    /// Name in the record.
    pub name: String,
    /// The module that holds the record; `None` for globals.
    pub module: Option<ModuleIndex>,
    /// Name of the enclosing function, for function-local statics.
    pub scope: Option<String>,
    /// Where that function begins.
    pub owner: Option<Rva>,
    /// Its type.
    pub type_index: TypeIndex,
}

/// A public symbol: a decorated name and its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// Where it leads.
    pub rva: Rva,
    /// Decorated name.
    pub name: String,
    /// Whether the linker marked it as code or as a function.
    pub code: bool,
}

/// What one object file contributed to one section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// First byte.
    pub rva: Rva,
    /// Length in bytes.
    pub size: u32,
    /// The contributing module.
    pub module: ModuleIndex,
    /// Whether it was code in the object file.
    pub code: bool,
    /// Whether the object file had no bytes of it: memory that starts as zero.
    pub zeros: bool,
}

/// Code of a function that the linker placed away from it (`S_SEPCODE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeparatedCode {
    /// First byte of the separated part.
    pub rva: Rva,
    /// Length in bytes.
    pub size: u32,
    /// Entry of the function it belongs to.
    pub parent: Rva,
}

/// A jump that the linker put before a function (`S_TRAMPOLINE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trampoline {
    /// The jump.
    pub rva: Rva,
    /// Its length in bytes.
    pub size: u32,
    /// Where it leads.
    pub target: Rva,
}

/// Everything that the objects' sections of one name contributed (`S_COFFGROUP`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionGroup {
    /// First byte.
    pub rva: Rva,
    /// Length in bytes.
    pub size: u32,
    /// Name of the sections in the object files, as `.CRT$XCU`.
    pub name: String,
}

/// The record of a thread-local variable. What its offset counts from depends on the linker:
/// lld counts from the section, as everywhere; Microsoft's linker, which puts the TLS
/// template into `.rdata`, counts from the start of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadLocal {
    /// The address, if the offset counts from the section.
    pub rva: Rva,
    /// The offset in the record.
    pub offset: u32,
    /// Name in the record.
    pub name: String,
    /// The object file of a file-local or function-local variable.
    pub module: Option<ModuleIndex>,
    /// The function that a function-local variable belongs to.
    pub scope: Option<String>,
    /// Its type.
    pub type_index: TypeIndex,
}

/// Everything read from one PDB.
#[derive(Debug, Default)]
pub struct Symbols {
    /// GUID in registry form without braces, upper case.
    pub guid: String,
    /// Age of the DBI stream, which is the one that the image repeats.
    pub age: u32,
    /// Written by `/DEBUG:FASTLINK`: procedures and lines are not in it, but in the object
    /// files.
    pub minimal: bool,
    /// Object files, in link order.
    pub modules: Vec<Module>,
    /// Procedures, by ascending address.
    pub procedures: Vec<Procedure>,
    /// Variables, by ascending address.
    pub data: Vec<Datum>,
    /// The functions that were inlined into functions with static variables, by module and
    /// name: a static variable of an inlined function has the outer one for its scope.
    pub inlined: BTreeMap<(ModuleIndex, String), Vec<String>>,
    /// Public symbols, by ascending address.
    pub publics: Vec<Public>,
    /// Section contributions, by ascending address.
    pub contributions: Vec<Contribution>,
    /// Separated code, by ascending address.
    pub separated: Vec<SeparatedCode>,
    /// Switch tables that the compiler described, by ascending table address.
    pub switch_tables: Vec<SwitchTable>,
    /// Object files' sections by name, by ascending address.
    pub groups: Vec<SectionGroup>,
    /// Thread-local variables.
    pub thread_locals: Vec<ThreadLocal>,
    /// Every relocation that the linker resolved, where the PDB has the FIXUP stream.
    pub fixups: Vec<Fixup>,
    /// Trampolines of incremental linking, by ascending address.
    pub trampolines: Vec<Trampoline>,
    /// The type stream.
    pub types: Types,
    /// How many records of each unknown kind were met.
    pub unknown_records: BTreeMap<u16, u32>,
}

impl Symbols {
    /// Reads a PDB.
    ///
    /// # Errors
    /// Where the file is not a PDB or a record is inconsistent.
    pub fn parse(bytes: &[u8]) -> Result<Self, SymbolsError> {
        recognise(bytes)?;
        guard::catch(|| pdb_file::read(bytes))
    }

    /// The relocations whose field starts in `[rva, rva + len)`.
    pub fn fixups_in(&self, rva: Rva, len: u32) -> &[fixups::Fixup] {
        let end = rva.0.saturating_add(len);
        let from = self.fixups.partition_point(|f| f.rva < rva);
        let to = self.fixups.partition_point(|f| f.rva.0 < end);
        &self.fixups[from..to.max(from)]
    }

    /// The contribution that holds this address.
    pub fn contribution_at(&self, rva: Rva) -> Option<&Contribution> {
        let after = self.contributions.partition_point(|c| c.rva <= rva);
        let found = self.contributions.get(after.checked_sub(1)?)?;
        (rva.0 - found.rva.0 < found.size).then_some(found)
    }
}
