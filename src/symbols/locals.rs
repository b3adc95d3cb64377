//! The local variables of given functions, with those of what was inlined into them.
//!
//! Read on demand, as only the functions of a patch need it.

use std::collections::{BTreeMap, BTreeSet};

use super::touches::{self, Mention};
use super::{SymbolsError, TypeIndex, Types};
use crate::addr::Rva;

/// A local variable, as far as the code that has its address relies on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    /// Its name.
    pub name: String,
    /// Its type as text.
    pub type_name: String,
    /// Its size in bytes, where that is known.
    pub size: Option<u32>,
    /// Whether it is an array, a class, a structure or a union.
    pub is_whole: bool,
}

/// Reads the local variables of the functions that start at these addresses, ascending.
///
/// # Errors
/// Where the PDB as a whole cannot be read.
pub fn local_variables(
    pdb: &[u8],
    types: &Types,
    wanted: &BTreeSet<Rva>,
) -> Result<BTreeMap<Rva, Vec<Local>>, SymbolsError> {
    let mut found: BTreeMap<Rva, Vec<Local>> = BTreeMap::new();
    touches::read(pdb, &mut |function, index, what| {
        if !wanted.contains(&function) {
            return;
        }
        if let Mention::Variable(name) | Mention::Parameter(name) = what {
            let local = local(types, &String::from_utf8_lossy(name), index);
            found.entry(function).or_default().push(local);
        }
    })?;
    for list in found.values_mut() {
        list.sort();
        list.dedup();
    }
    Ok(found)
}

fn local(types: &Types, name: &str, index: TypeIndex) -> Local {
    Local {
        name: name.to_owned(),
        type_name: types.type_name(index),
        size: types.size_of(index),
        is_whole: !types.is_number(index),
    }
}
