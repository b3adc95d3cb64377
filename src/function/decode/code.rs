//! What is known of the code of one function once it is decoded.

use crate::addr::Rva;
use crate::symbols::SwitchTable;

/// What kind of field a reference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// `rel8` of a branch that leaves the function.
    Branch8,
    /// `rel32` of a call, jump or conditional jump that leaves the function.
    Branch32,
    /// RIP-relative operand that reads or writes this many bytes.
    Access(u16),
    /// RIP-relative operand whose address is taken (`lea`): what is read is unknown.
    Address,
    /// Absolute 64-bit address that the loader relocates.
    Absolute,
    /// 32-bit RVA that is added to the image base: a displacement, or an entry of a switch
    /// table inside the function.
    ImageRelative,
    /// 32-bit offset into the module's TLS block; the target is that offset.
    ThreadLocal,
}

impl ReferenceKind {
    /// Width of the field in bytes.
    pub fn width(self) -> u32 {
        match self {
            ReferenceKind::Branch8 => 1,
            ReferenceKind::Absolute => 8,
            _ => 4,
        }
    }
}

/// A field of an instruction that holds a place instead of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Offset of the field from the start of the function in bytes.
    pub at: u32,
    /// What kind of field it is.
    pub kind: ReferenceKind,
    /// Bytes between the end of the field and the end of the instruction.
    pub trailing: u8,
    /// The place.
    pub target: Rva,
    /// The object that the place is counted from, where the PDB says so (FIXUP stream).
    pub anchor: Option<Rva>,
}

/// How an indirect jump gets its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndirectJump {
    /// From a pointer in memory or a parameter: a tail call.
    TailCall,
    /// Through a switch table that was found.
    Table,
    /// From an indexed load of a whole pointer: a call through a table of functions, or a
    /// computed goto through a table of labels.
    Pointer,
    /// From arithmetic or a place that was not found: a switch, as far as is known.
    Computed,
}

/// What the code around an `lea` says of the object whose address is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// It has this many bytes at least: some are read or written there.
    Reaches(u32),
    /// It is indexed, with elements of this many bytes.
    Elements(u8),
    /// A number close by that may be its length: it is handed over as the next argument, say.
    Length(u32),
    /// Another number close by, which may be a count of its elements.
    Count(u32),
}

/// The decoded code of one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// Layout-dependent fields, by ascending offset.
    pub references: Vec<Reference>,
    /// What is done with read-only data without a name whose address the code takes, ascending.
    pub uses: Vec<(Rva, Use)>,
    /// References that an unknown index is added to: their fields, and the place from which on
    /// they may reach anything.
    pub unbounded: Vec<(u32, Rva)>,
    /// The function adds indices to addresses.
    pub indexes: bool,
    /// The function accesses memory some way behind or before an address that it takes.
    pub displaces: bool,
    /// Length of the code in bytes, where tables follow inside the function.
    pub code_size: Option<u32>,
    /// Offset of the first byte that is no instruction.
    pub undecodable: Option<u32>,
    /// Indirect jumps: offset of the instruction, and how it gets its target.
    pub indirect_jumps: Vec<(u32, IndirectJump)>,
    /// The function reads the TEB's TLS array (`gs:[58h]`).
    pub thread_local: bool,
    /// The function loads signed 32-bit entries of a table, which may be distances.
    pub loads_entries: bool,
    /// The function loads signed 32-bit numbers through pointers, which may go from entry to
    /// entry of such a table.
    pub loads_numbers: bool,
    /// The function takes the address of the image itself.
    pub takes_image_base: bool,
    /// Switch tables outside of the function that its jumps go through.
    pub tables: Vec<SwitchTable>,
    /// Places inside of tables of distances whose addresses the function takes to read entries.
    pub entries: Vec<Rva>,
    /// Offset of an operand that may be an RVA without that being certain.
    pub uncertain: Option<u32>,
    /// The fields that may hold RVAs without that being certain, and these.
    pub possible_rvas: Vec<(u32, Rva)>,
    /// Displacements beside registers that are places of data as RVAs, which they are if the
    /// register holds the address of the image: the field's offset, and the place.
    pub numbers: Vec<(u32, Rva)>,
    /// The code was looked at for where the address of the image goes.
    pub base_followed: bool,
    /// Offset of a use of a table of distances that may be any of those in [`Code::tables`].
    pub uncertain_table: Option<u32>,
    /// Offset of a use of the TLS block that is not understood.
    pub uncertain_thread_local: Option<u32>,
    /// Its last instruction can be followed by what lies behind the function.
    pub open_end: bool,
    /// The function calls or moves the stack pointer, so that it needs unwind information.
    pub uses_stack: bool,
    /// The smallest offset above 0 that a branch of the function itself leads to.
    pub lowest_branch_target: Option<u32>,
    /// A branch of the function leads back to its first instruction.
    pub branches_to_entry: bool,
    /// Lengths of the first instructions, together at least sixteen bytes where there are.
    pub entry_lengths: Vec<u8>,
}
