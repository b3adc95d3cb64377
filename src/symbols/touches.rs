//! Which functions touch which types, as far as the debug information says: through their
//! signature, their variables, what they allocate and what was inlined into them.
//!
//! The records that say it are most of a module's symbols, and only needed where the layout
//! of a type changed, or is not known. So they are read on demand, as the lines are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pdb::{AddressMap, FallibleIterator, PdbInternalSectionOffset};

use super::raw::{half, word};
use super::types::{Related, Relations};
use super::{SymbolsError, TypeIndex, Types, container, raw};
use crate::addr::Rva;

const S_SEPCODE: u16 = 0x1132;

/// What [`Touch::what`] says of a call that a record calls an allocation of the type.
pub const ALLOCATION: &str = "allocation";

/// What of a function mentions a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mention<'n> {
    /// What it is handed and returns.
    Signature,
    /// Signature of a function of this name that was inlined into it.
    Inlined(&'n str),
    /// A parameter.
    Parameter(&'n [u8]),
    /// A local variable.
    Variable(&'n [u8]),
    /// A local variable that stays.
    Static(&'n [u8]),
    /// A call that allocates one.
    Allocation,
}

impl fmt::Display for Mention<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut named = |what: &str, name: &[u8]| {
            let name = String::from_utf8_lossy(name);
            write!(f, "{what} {name}")
        };
        match self {
            Mention::Signature => f.write_str("signature"),
            Mention::Inlined(name) => write!(f, "inlined {name}"),
            Mention::Parameter(name) => named("parameter", name),
            Mention::Variable(name) => named("variable", name),
            Mention::Static(name) => named("static variable", name),
            Mention::Allocation => f.write_str(ALLOCATION),
        }
    }
}

/// One way in which a function touches a type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touch {
    /// The type, and what the mentioned one has to do with it.
    pub related: Related,
    /// Name of the class, structure or union that is mentioned.
    pub type_name: String,
    /// What mentions it: `signature`, `parameter p`, `variable v`, …
    pub what: String,
}

/// How the functions of a build touch the types that were asked for, by the function's
/// address.
#[derive(Debug, Default)]
pub struct Touches {
    /// By first byte of the function; once each, the closest relation first.
    pub of_function: BTreeMap<Rva, Vec<Touch>>,
}

impl Touches {
    /// Reads how functions touch the types with these keys of [`Types::layouts`].
    ///
    /// # Errors
    /// Where the PDB as a whole cannot be read.
    pub fn read(pdb: &[u8], types: &Types, targets: &[&str]) -> Result<Touches, SymbolsError> {
        if targets.is_empty() {
            return Ok(Touches::default());
        }
        let relations = Relations::new(types, targets);
        let mut known: BTreeMap<TypeIndex, Vec<(Related, String)>> = BTreeMap::new();
        let mut touches = Touches::default();
        read(pdb, &mut |function, index, what| {
            // Room for pointers is no object.
            let of_pointers = what == Mention::Allocation && types.is_pointer(index);
            let known = known.entry(index);
            for (related, type_name) in known.or_insert_with(|| relations.of(index)) {
                let list = touches.of_function.entry(function).or_default();
                list.push(Touch {
                    related: *related,
                    type_name: type_name.clone(),
                    what: match of_pointers {
                        true => format!("{ALLOCATION} of pointers"),
                        false => what.to_string(),
                    },
                });
            }
        })?;
        for list in touches.of_function.values_mut() {
            list.sort();
            list.dedup();
        }
        Ok(touches)
    }
}

/// The types that functions mention.
#[derive(Debug, Default)]
pub struct Mentions {
    /// By first byte of the function.
    pub of_function: BTreeMap<Rva, BTreeSet<TypeIndex>>,
    /// Types of what functions make: their variables, and what they allocate.
    pub made: BTreeSet<TypeIndex>,
    /// Names of the functions that were inlined, without their scope, each with the types that its
    /// record names: its class, where it has one.
    pub inlined: BTreeSet<(String, TypeIndex)>,
}

impl Mentions {
    /// Reads the types that every function mentions.
    ///
    /// # Errors
    /// Where the PDB as a whole cannot be read.
    pub fn read(pdb: &[u8]) -> Result<Mentions, SymbolsError> {
        let mut mentions = Mentions::default();
        read(pdb, &mut |function, index, what| {
            let of_function = mentions.of_function.entry(function).or_default();
            of_function.insert(index);
            match what {
                Mention::Variable(_) | Mention::Static(_) | Mention::Allocation => {
                    mentions.made.insert(index);
                }
                Mention::Inlined(name) => {
                    mentions.inlined.insert((name.to_owned(), index));
                }
                Mention::Signature | Mention::Parameter(_) => {}
            }
        })?;
        Ok(mentions)
    }
}

impl Mentions {
    /// Those of the given names that the function at an address mentions.
    pub fn names<'t>(
        &self,
        types: &'t Types,
        function: Rva,
        wanted: &BTreeSet<&str>,
    ) -> BTreeSet<&'t str> {
        let own = self.of_function.get(&function).into_iter().flatten();
        let names = types.named_by(own.copied()).into_iter();
        names.filter(|name| wanted.contains(name)).collect()
    }
}

/// What is told of a mention: the function, the type, and what mentions it.
pub(super) type Each<'e> = dyn FnMut(Rva, TypeIndex, Mention<'_>) + 'e;

/// Reads all mentions.
pub(super) fn read(pdb: &[u8], each: &mut Each<'_>) -> Result<(), SymbolsError> {
    // As in `Symbols::parse`: the `pdb` crate asserts on some malformed records.
    let read = std::panic::AssertUnwindSafe(|| read_modules(pdb, each));
    std::panic::catch_unwind(read).unwrap_or(Err(SymbolsError::Damaged))
}

fn read_modules(pdb: &[u8], each: &mut Each<'_>) -> Result<(), SymbolsError> {
    let mut file = container::open(pdb)?;
    let map = file.address_map()?;
    let items = Types::items(&mut file);
    let debug = file.debug_information()?;
    let mut modules = debug.modules()?;
    while let Some(module) = modules.next()? {
        let Some(info) = file.module_info(&module)? else {
            continue;
        };
        let mut reader = ModuleTouches {
            map: &map,
            items: &items,
            scopes: Vec::new(),
            each: &mut *each,
        };
        // A damaged module says no more than it does up to the damage.
        let _ = reader.read(info.symbols()?);
    }
    Ok(())
}

struct ModuleTouches<'r, 'm, 'e> {
    map: &'r AddressMap<'m>,
    items: &'r Types,
    /// The function of each open scope, where it is one of its own.
    scopes: Vec<Option<Rva>>,
    each: &'r mut Each<'e>,
}

impl ModuleTouches<'_, '_, '_> {
    fn read(&mut self, mut records: pdb::SymbolIter<'_>) -> Result<(), SymbolsError> {
        while let Some(record) = records.next()? {
            let (kind, body) = (
                record.raw_kind(),
                record.raw_bytes().get(2..).unwrap_or(&[]),
            );
            if record.starts_scope() {
                self.scopes.push(self.function_of(kind, body));
            }
            self.record(kind, body);
            if record.ends_scope() {
                self.scopes.pop();
            }
        }
        Ok(())
    }

    /// Start of the function that a record opens, or opens a separated part of.
    fn function_of(&self, kind: u16, body: &[u8]) -> Option<Rva> {
        let (offset, section) = match kind {
            S_SEPCODE => (word(body, 20)?, half(body, 26)?),
            kind if raw::is_procedure(kind) => (word(body, 28)?, half(body, 32)?),
            _ => return None,
        };
        let place = PdbInternalSectionOffset { offset, section };
        place.to_rva(self.map).map(|r| Rva(r.0))
    }

    fn record(&mut self, kind: u16, body: &[u8]) -> Option<()> {
        let function = self.scopes.iter().rev().flatten().next().copied()?;
        let is_item = raw::is_item_procedure(kind);
        if is_item || raw::is_inline_site(kind) {
            let at = if is_item { 24 } else { 8 };
            let (name, types) = self.items.function_item(TypeIndex(word(body, at)?))?;
            let what = match is_item {
                true => Mention::Signature,
                false => Mention::Inlined(&name),
            };
            for index in types {
                (self.each)(function, index, what);
            }
            return Some(());
        }
        // Where the record has its type and its name (cvinfo.h).
        let name = |at: usize| {
            let rest = body.get(at..).unwrap_or(&[]);
            rest.split(|b| *b == 0).next().unwrap_or(&[])
        };
        let (type_at, what) = match kind {
            0x1110 | 0x110f | 0x1155 => (24, Mention::Signature),
            0x113e if half(body, 4)? & 1 != 0 => (0, Mention::Parameter(name(6))),
            0x113e => (0, Mention::Variable(name(6))),
            0x1106 => (0, Mention::Variable(name(6))),
            0x110b => (4, Mention::Variable(name(8))),
            0x1111 => (4, Mention::Variable(name(10))),
            0x110c | 0x110d | 0x1112 | 0x1113 | 0x1153 => (0, Mention::Static(name(10))),
            0x115e => (8, Mention::Allocation),
            _ => return None,
        };
        (self.each)(function, TypeIndex(word(body, type_at)?), what);
        Some(())
    }
}
