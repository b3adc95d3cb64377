//! Whether manifest and payload speak of the same symbols.
//!
//! A name that only one of them has is a mistake of the builder at best: `apply` would find
//! it in front of a running program, or never.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use object::LittleEndian as LE;
use object::coff::CoffFile;
use object::read::coff::Symbol as _;

use crate::package::manifest::Manifest;
use crate::payload::names::ACTIVE_SYMBOL;

/// How manifest and payload contradict each other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// The payload isn't an object that could be linked.
    #[error("the payload is not a COFF object: {0}")]
    NotCoff(String),
    /// The manifest needs a definition that the payload doesn't have, or has twice.
    #[error("{what} {symbol:?} of the manifest has {found} definitions in the payload, not one")]
    Definitions {
        /// What the manifest says that it is.
        what: &'static str,
        /// The symbol.
        symbol: String,
        /// How often it is defined.
        found: usize,
    },
    /// The manifest explains a symbol that the payload doesn't ask for.
    #[error("the {what} {symbol:?} of the manifest is not an undefined symbol of the payload")]
    Unused {
        /// What the manifest says that it is.
        what: &'static str,
        /// The symbol.
        symbol: String,
    },
    /// The payload asks for a symbol that the manifest doesn't explain.
    #[error("the payload needs the symbol {0:?}, which the manifest does not name")]
    Unexplained(String),
    /// The manifest explains a symbol in two ways.
    #[error("the manifest names the symbol {0:?} as an external and as an import")]
    Ambiguous(String),
}

/// Compares the symbols of a manifest with those of the payload.
pub fn validate(manifest: &Manifest, payload: &[u8]) -> Result<(), SymbolError> {
    let symbols = Symbols::read(payload).map_err(|e| SymbolError::NotCoff(e.to_string()))?;
    let functions = manifest.functions.iter();
    let needed = functions
        .flat_map(|f| {
            [
                ("the function", Cow::from(&f.symbol)),
                ("the gate", f.gate_symbol()),
            ]
        })
        .chain(
            manifest
                .hooks
                .iter()
                .map(|(_, symbol)| ("the hook", symbol.into())),
        );
    for (what, symbol) in needed {
        let found = symbols.defined.get(symbol.as_bytes()).copied().unwrap_or(0);
        if found != 1 {
            let symbol = symbol.into_owned();
            return Err(SymbolError::Definitions {
                what,
                symbol,
                found,
            });
        }
    }
    let externals = manifest.externals.iter().map(|e| ("external", &e.symbol));
    let imports = manifest.imports.iter().map(|i| ("import", &i.symbol));
    let mut explained: BTreeSet<&[u8]> = BTreeSet::new();
    for (what, symbol) in externals.chain(imports) {
        if !symbols.undefined.contains(symbol.as_bytes()) {
            let symbol = symbol.clone();
            return Err(SymbolError::Unused { what, symbol });
        }
        if !explained.insert(symbol.as_bytes()) {
            return Err(SymbolError::Ambiguous(symbol.clone()));
        }
    }
    explained.insert(ACTIVE_SYMBOL.as_bytes());
    match symbols.undefined.difference(&explained).next() {
        None => Ok(()),
        Some(symbol) => Err(SymbolError::Unexplained(
            String::from_utf8_lossy(symbol).into_owned(),
        )),
    }
}

/// The names in a symbol table, without those of sections and files.
#[derive(Default)]
struct Symbols<'p> {
    /// How often each name is defined.
    defined: BTreeMap<&'p [u8], usize>,
    undefined: BTreeSet<&'p [u8]>,
}

impl<'p> Symbols<'p> {
    fn read(payload: &'p [u8]) -> object::Result<Self> {
        let file: CoffFile<'p> = CoffFile::parse(payload)?;
        let table = file.coff_symbol_table();
        let mut symbols = Symbols::default();
        for (_, symbol) in table.iter() {
            if symbol.has_aux_section() || symbol.has_aux_file_name() {
                continue;
            }
            let name = symbol.name(table.strings())?;
            match symbol.section_number.get(LE) {
                0 => {
                    symbols.undefined.insert(name);
                }
                // What is above has a value, but no place: absolute, or for a debugger.
                number if number < 0xff00 => *symbols.defined.entry(name).or_insert(0) += 1,
                _ => {}
            }
        }
        Ok(symbols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Rva;
    use crate::package::manifest::{External, ImportedSymbol};
    use crate::package::testing::{function, manifest, payload, payload_of};

    fn with(change: impl FnOnce(&mut Manifest)) -> String {
        let mut changed = manifest();
        change(&mut changed);
        let wrong = validate(&changed, &payload()).unwrap_err().to_string();
        // The other way round: what the payload has more, or less, is noticed as well.
        assert_eq!(validate(&changed, &payload_of(&changed)), Ok(()));
        wrong
    }

    fn import(symbol: &str) -> ImportedSymbol {
        ImportedSymbol {
            symbol: symbol.to_owned(),
            module: "user32.dll".to_owned(),
            name: Some("Beep".to_owned()),
            ordinal: None,
            delayed: false,
        }
    }

    #[test]
    fn both_speak_of_the_same_symbols() {
        assert_eq!(validate(&manifest(), &payload()), Ok(()));
        let error = with(|m| m.functions.push(function("more", 0x1200)));
        assert!(error.contains("function \"?more@@YAXXZ\""), "{error}");
        let error = with(|m| m.functions[1].gate = Some("gate$x".to_owned()));
        assert!(error.contains("gate \"gate$x\""), "{error}");
        let error = with(|m| m.hooks.before_apply = Some("hook".to_owned()));
        assert!(error.contains("hook \"hook\""), "{error}");
        let symbol = "server.exe!new".to_owned();
        let rva = Rva(0x1234);
        let error = with(|m| m.externals.push(External { symbol, rva }));
        assert!(error.contains("external \"server.exe!new\""), "{error}");
        let error = with(|m| m.imports.push(import("import$x")));
        assert!(error.contains("import \"import$x\""), "{error}");
        let error = with(|m| drop(m.externals.pop()));
        assert!(error.contains("\"server.exe!parse\", which"), "{error}");
    }

    #[test]
    fn one_name_has_one_meaning() {
        let mut twice = manifest();
        twice.imports.push(import("server.exe!log"));
        let error = validate(&twice, &payload()).unwrap_err();
        assert_eq!(error, SymbolError::Ambiguous("server.exe!log".to_owned()));
        let mut same = manifest();
        same.functions[1].symbol = same.functions[0].symbol.clone();
        let error = validate(&same, &payload_of(&same)).unwrap_err();
        assert!(
            matches!(error, SymbolError::Definitions { found: 2, .. }),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for bad in [&b""[..], b"COFF", &[0; 64]] {
            assert!(validate(&manifest(), bad).is_err());
        }
    }
}
