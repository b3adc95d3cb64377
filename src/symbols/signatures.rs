//! The signatures of given functions: what caller and callee must agree on.
//!
//! Read on demand, as only the functions of a patch need it.

use std::collections::{BTreeMap, BTreeSet};

use pdb::{FallibleIterator, PdbInternalSectionOffset};

use super::{Signature, SymbolsError, TypeIndex, Types, container, raw};
use crate::addr::Rva;

/// Reads the signatures of the functions that start at these addresses: calling
/// convention, result, parameters. A function without a known one is left out.
///
/// # Errors
/// Where the PDB as a whole cannot be read.
pub fn signatures(
    pdb: &[u8],
    types: &Types,
    wanted: &BTreeSet<Rva>,
) -> Result<BTreeMap<Rva, Signature>, SymbolsError> {
    // As in `Symbols::parse`: the `pdb` crate asserts on some malformed records.
    let read = std::panic::AssertUnwindSafe(|| read(pdb, types, wanted));
    std::panic::catch_unwind(read).unwrap_or(Err(SymbolsError::Damaged))
}

fn read(
    pdb: &[u8],
    types: &Types,
    wanted: &BTreeSet<Rva>,
) -> Result<BTreeMap<Rva, Signature>, SymbolsError> {
    let mut file = container::open(pdb)?;
    let map = file.address_map()?;
    let items = Types::items(&mut file);
    let debug = file.debug_information()?;
    let mut found = BTreeMap::new();
    let mut modules = debug.modules()?;
    while let Some(module) = modules.next()? {
        let Some(info) = file.module_info(&module)? else {
            continue;
        };
        let mut records = info.symbols()?;
        // A damaged module says no more than it does up to the damage.
        while let Ok(Some(record)) = records.next() {
            let kind = record.raw_kind();
            let body = record.raw_bytes().get(2..).unwrap_or(&[]);
            let Some((place, index)) = procedure(kind, body) else {
                continue;
            };
            let Some(rva) = place.to_rva(&map).map(|r| Rva(r.0)) else {
                continue;
            };
            if !wanted.contains(&rva) {
                continue;
            }
            let function_types = match raw::is_item_procedure(kind) {
                true => items.function_item(index).map(|(_, types)| types),
                false => Some(vec![index]),
            };
            let signature = function_types
                .and_then(|list| list.last().copied())
                .and_then(|index| types.signature(index));
            if let Some(signature) = signature {
                found.insert(rva, signature);
            }
        }
    }
    Ok(found)
}

/// Where a procedure record's function is, and its type or item.
fn procedure(kind: u16, body: &[u8]) -> Option<(PdbInternalSectionOffset, TypeIndex)> {
    if !raw::is_procedure(kind) {
        return None;
    }
    let (offset, section) = (raw::word(body, 28)?, raw::half(body, 32)?);
    let place = PdbInternalSectionOffset { offset, section };
    Some((place, TypeIndex(raw::word(body, 24)?)))
}
