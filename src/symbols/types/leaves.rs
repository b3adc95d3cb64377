//! Kinds of type records (cvinfo.h, `LEAF_ENUM_e`).

/// `const`, `volatile`.
pub const LF_MODIFIER: u16 = 0x1001;
/// A pointer or reference.
pub const LF_POINTER: u16 = 0x1002;
/// A function.
pub const LF_PROCEDURE: u16 = 0x1008;
/// A function of a class.
pub const LF_MFUNCTION: u16 = 0x1009;
/// The parameters of a function.
pub const LF_ARGLIST: u16 = 0x1201;
/// The fields of a class, or the values of an enumeration.
pub const LF_FIELDLIST: u16 = 0x1203;
/// A member of less than its type's bits.
pub const LF_BITFIELD: u16 = 0x1205;
/// The overloads of a method.
pub const LF_METHODLIST: u16 = 0x1206;
/// An array.
pub const LF_ARRAY: u16 = 0x1503;
/// A class.
pub const LF_CLASS: u16 = 0x1504;
/// A structure.
pub const LF_STRUCTURE: u16 = 0x1505;
/// A union.
pub const LF_UNION: u16 = 0x1506;
/// An enumeration.
pub const LF_ENUM: u16 = 0x1507;
/// Another name of a type.
pub const LF_ALIAS: u16 = 0x150a;
/// A COM interface.
pub const LF_INTERFACE: u16 = 0x1519;
/// A function, in the stream of items.
pub const LF_FUNC_ID: u16 = 0x1601;
/// A function of a class, in the stream of items.
pub const LF_MFUNC_ID: u16 = 0x1602;
/// How an object file was compiled: folder, tool, source, PDB, options, as texts.
pub const LF_BUILDINFO: u16 = 0x1603;
/// A list of strings that one text is made of.
pub const LF_SUBSTR_LIST: u16 = 0x1604;
/// A text.
pub const LF_STRING_ID: u16 = 0x1605;
/// Where a type is defined, by the text of the file's name.
pub const LF_UDT_SRC_LINE: u16 = 0x1606;
/// Where a type is defined, by the file's name in the table of names.
pub const LF_UDT_MOD_SRC_LINE: u16 = 0x1607;
/// A class, with wider properties.
pub const LF_CLASS2: u16 = 0x1608;
/// A structure, with wider properties.
pub const LF_STRUCTURE2: u16 = 0x1609;
/// A union, with wider properties.
pub const LF_UNION2: u16 = 0x160a;
/// A COM interface, with wider properties.
pub const LF_INTERFACE2: u16 = 0x160b;

/// Whether records of this kind are understood, or known to say nothing about objects: shapes
/// and paths of virtual function tables, labels, lists of derived classes, precompiled types.
pub fn is_understood(kind: u16) -> bool {
    const LF_VTSHAPE: u16 = 0x000a;
    const LF_LABEL: u16 = 0x000e;
    const LF_ENDPRECOMP: u16 = 0x0014;
    const LF_VFTPATH: u16 = 0x100d;
    const LF_SKIP: u16 = 0x1200;
    const LF_DERIVED: u16 = 0x1204;
    const LF_TYPESERVER: u16 = 0x1501;
    const LF_PRECOMP: u16 = 0x1509;
    const LF_DEFARG: u16 = 0x150b;
    const LF_TYPESERVER2: u16 = 0x1515;
    const LF_VFTABLE: u16 = 0x151d;
    matches!(
        kind,
        LF_MODIFIER
            | LF_POINTER
            | LF_PROCEDURE
            | LF_MFUNCTION
            | LF_ARGLIST
            | LF_FIELDLIST
            | LF_BITFIELD
            | LF_METHODLIST
            | LF_ARRAY..=LF_ENUM
            | LF_ALIAS
            | LF_INTERFACE
            | LF_FUNC_ID..=LF_INTERFACE2
    ) || matches!(
        kind,
        LF_VTSHAPE
            | LF_LABEL
            | LF_ENDPRECOMP
            | LF_VFTPATH
            | LF_SKIP
            | LF_DERIVED
            | LF_TYPESERVER
            | LF_PRECOMP
            | LF_DEFARG
            | LF_TYPESERVER2
            | LF_VFTABLE
    )
}
