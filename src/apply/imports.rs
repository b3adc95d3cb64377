//! Functions of other modules that the payload needs and the old image does not import.
//!
//! They are looked up by the target's own loader, so that forwarders, API sets and search
//! paths mean what they mean to the program. A module that is not there yet is loaded.

use std::collections::HashMap;

use super::loaded::{self, Export};
use super::outcome::ApplyError;
use super::record::Record;
use super::remote;
use super::target::{Module, Target, TargetError};
use crate::addr::Va;
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::package::manifest::{ImportedSymbol, Manifest};

/// Room for the arguments of calls to the loader, in bytes: a string's descriptor, the
/// longest name there is, and a result.
pub const SCRATCH: u64 = 0x2000;

// Offsets in the room.
const DESCRIPTOR: u64 = 0;
const RESULT: u64 = 0x10;
const TEXT: u64 = 0x20;

/// What stands against the imports of a package, or is worth knowing. Writes nothing.
///
/// # Errors
/// Where the target's modules can't be read.
pub fn look<T: Target + ?Sized>(
    target: &T,
    manifest: &Manifest,
) -> Result<Vec<Finding>, TargetError> {
    let mut findings = Vec::new();
    if manifest.imports.is_empty() {
        return Ok(findings);
    }
    let modules = target.modules()?;
    for import in &manifest.imports {
        let what = name_of(import);
        let Some(module) = find(&modules, &import.module) else {
            if !is_api_set(&import.module) {
                let detail = format!("{what} is in {}, which is not loaded.", import.module);
                findings.push(Finding::about(&rules::IMPORT_LOADS, what, detail));
            }
            continue;
        };
        match loaded::find_export(target, module, import.name.as_deref(), import.ordinal)? {
            Export::At(_) | Export::Forwarded => {}
            Export::Missing => {
                let detail = format!("{} at {} has no export {what}.", module.path, module.base);
                findings.push(Finding::about(&rules::IMPORT_MISSING, what, detail));
            }
        }
    }
    Ok(findings)
}

/// The addresses of all imports, by symbol. Calls the loader of the running target, and
/// loads what is not loaded.
///
/// # Errors
/// [`ApplyError::Import`] where a module or an export is missing.
pub fn resolve<T: Target + ?Sized>(
    target: &T,
    record: &Record,
    scratch: Va,
    imports: &[ImportedSymbol],
) -> Result<HashMap<String, Va>, ApplyError> {
    let mut bases: HashMap<&str, Va> = HashMap::new();
    let mut found = HashMap::new();
    for import in imports {
        let base = match bases.get(import.module.as_str()) {
            Some(base) => *base,
            None => {
                let base = load(target, record, scratch, &import.module)?;
                bases.insert(&import.module, base);
                base
            }
        };
        let at = export(target, record, scratch, base, import)?;
        found.insert(import.symbol.clone(), at);
    }
    Ok(found)
}

/// `LdrLoadDll`: the base of a module, which is loaded if need be.
fn load<T: Target + ?Sized>(
    target: &T,
    record: &Record,
    scratch: Va,
    module: &str,
) -> Result<Va, ApplyError> {
    let text: Vec<u8> = module.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let descriptor = string(target, scratch, &text, 2)?;
    let arguments = [0, 0, descriptor.0, scratch.0 + RESULT];
    let status = remote::call(target, record, "LdrLoadDll", arguments)?;
    result(target, scratch, status).map_err(|status| ApplyError::Import {
        what: module.to_owned(),
        status,
    })
}

/// `LdrGetProcedureAddress`: the address of an export.
fn export<T: Target + ?Sized>(
    target: &T,
    record: &Record,
    scratch: Va,
    base: Va,
    import: &ImportedSymbol,
) -> Result<Va, ApplyError> {
    let (name, ordinal) = match (&import.name, import.ordinal) {
        (Some(name), _) => (string(target, scratch, name.as_bytes(), 1)?, 0),
        (None, ordinal) => (Va(0), u64::from(ordinal.unwrap_or_default())),
    };
    let arguments = [base.0, name.0, ordinal, scratch.0 + RESULT];
    let status = remote::call(target, record, "LdrGetProcedureAddress", arguments)?;
    result(target, scratch, status).map_err(|status| ApplyError::Import {
        what: format!("{}!{}", import.module, name_of(import)),
        status,
    })
}

/// Writes a counted string (`UNICODE_STRING` or `ANSI_STRING`) with a zero behind it.
fn string<T: Target + ?Sized>(
    target: &T,
    scratch: Va,
    text: &[u8],
    zero: usize,
) -> Result<Va, ApplyError> {
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    if text.len() + zero > (SCRATCH - TEXT) as usize {
        return Err(ApplyError::Import {
            what: String::from_utf8_lossy(text).into_owned(),
            status: u32::MAX,
        });
    }
    let mut bytes = vec![0; TEXT as usize];
    bytes[0..2].copy_from_slice(&len.to_le_bytes());
    bytes[2..4].copy_from_slice(&(len + zero as u16).to_le_bytes());
    bytes[8..16].copy_from_slice(&(scratch.0 + TEXT).to_le_bytes());
    bytes.extend_from_slice(text);
    bytes.resize(bytes.len() + zero, 0);
    target.write_verified(scratch, &bytes)?;
    Ok(Va(scratch.0 + DESCRIPTOR))
}

/// The pointer that a call has stored, or the status that it failed with.
fn result<T: Target + ?Sized>(target: &T, scratch: Va, status: u64) -> Result<Va, u32> {
    let mut bytes = [0; 8];
    let read = target.read(Va(scratch.0 + RESULT), &mut bytes);
    let at = Va(u64::from_le_bytes(bytes));
    match status as u32 {
        0 if read.is_ok() && at.0 != 0 => Ok(at),
        status => Err(status),
    }
}

fn find<'m>(modules: &'m [Module], name: &str) -> Option<&'m Module> {
    modules.iter().find(|m| m.is_called(name))
}

/// Names that the loader maps to other modules.
fn is_api_set(module: &str) -> bool {
    module.starts_with("api-ms-") || module.starts_with("ext-ms-")
}

/// The export's name, or its ordinal.
fn name_of(import: &ImportedSymbol) -> String {
    match (&import.name, import.ordinal) {
        (Some(name), _) => name.clone(),
        (None, ordinal) => format!("#{}", ordinal.unwrap_or_default()),
    }
}
