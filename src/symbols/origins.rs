//! In which source files types are defined: what tells types of one name apart.
//!
//! Read on demand, as the lines are: most programs have no two types of one name.

use std::collections::{BTreeSet, HashMap};

use super::types::{SourceOfType, TypeIndex, Types};
use super::{SymbolsError, container, guard};

/// Where a type is defined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Path of the source file as the compiler got it.
    pub file: String,
    /// Line in it.
    pub line: u32,
}

/// Where the types of a build are defined, and which source files the build has.
#[derive(Debug, Default)]
pub struct Origins {
    of_type: HashMap<TypeIndex, Vec<Origin>>,
    /// Paths of all source files with code.
    pub files: BTreeSet<String>,
}

impl Origins {
    /// Reads the origins of all types of a build.
    ///
    /// # Errors
    /// Where the PDB as a whole cannot be read.
    pub fn read(pdb: &[u8]) -> Result<Origins, SymbolsError> {
        guard::catch(|| read(pdb))
    }

    /// Origins as a test makes them up.
    #[cfg(test)]
    pub fn for_tests<'t>(
        places: impl Iterator<Item = (TypeIndex, (&'t str, u32))>,
        files: &[&str],
    ) -> Origins {
        let mut origins = Origins {
            files: files.iter().map(|f| (*f).to_owned()).collect(),
            ..Origins::default()
        };
        for (index, (file, line)) in places {
            let file = file.to_owned();
            let known = origins.of_type.entry(index).or_default();
            known.push(Origin { file, line });
        }
        origins
    }

    /// Where a type is defined; in several places where files define the very same type, and
    /// nowhere where the compiler does not say.
    pub fn of(&self, index: TypeIndex) -> &[Origin] {
        self.of_type.get(&index).map_or(&[], Vec::as_slice)
    }
}

fn read(pdb: &[u8]) -> Result<Origins, SymbolsError> {
    let mut file = container::open(pdb)?;
    let items = Types::items(&mut file);
    let names = match file.named_stream(b"/names") {
        Ok(stream) => stream.as_slice().to_vec(),
        Err(_) => Vec::new(),
    };
    let names = Names::of(&names);
    let mut origins = Origins {
        of_type: HashMap::new(),
        files: names.all().collect(),
    };
    for (index, source) in items.sources_of_types() {
        let (path, line) = match source {
            SourceOfType::Text(path, line) => (Some(path), line),
            SourceOfType::Name(offset, line) => (names.at(offset), line),
        };
        if let Some(file) = path {
            let known = origins.of_type.entry(index).or_default();
            known.push(Origin { file, line });
        }
    }
    for list in origins.of_type.values_mut() {
        list.sort();
        list.dedup();
    }
    Ok(origins)
}

/// The table of names (LLVM, "The PDB String Table"): a header of 12 bytes, then texts that
/// end with a zero.
struct Names<'n> {
    texts: &'n [u8],
}

impl<'n> Names<'n> {
    fn of(stream: &'n [u8]) -> Self {
        const HEADER: usize = 12;
        let size = stream.get(8..HEADER).and_then(|b| b.try_into().ok());
        let end = HEADER.saturating_add(size.map_or(0, u32::from_le_bytes) as usize);
        let texts = stream.get(HEADER..end.min(stream.len())).unwrap_or(&[]);
        Names { texts }
    }

    fn at(&self, offset: u32) -> Option<String> {
        let text = self.texts.get(offset as usize..)?;
        let text = text.split(|b| *b == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn all(&self) -> impl Iterator<Item = String> + use<'n> {
        let texts = self.texts.split(|b| *b == 0);
        let texts = texts.filter(|text| !text.is_empty());
        texts.map(|text| String::from_utf8_lossy(text).into_owned())
    }
}
