//! Plan → COFF object: the replacement code with its relocations.
//!
//! The object is ordinary: `llvm-objdump -dr` and `dumpbin` show it. What its symbols
//! and sections mean to `apply` is written down in [`names`]. After it is written it is
//! read back and compared with the plan ([`readback`]).

mod coff;
mod content;
mod gate;
pub mod names;
mod readback;

use crate::function::Program;
use crate::package::manifest::{External, ImportedSymbol, Variable};
use crate::plan::{Piece, PieceIndex, Plan};

/// Why a payload could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// More sections than a COFF object can number.
    #[error("the patch needs {0} sections, a COFF object has at most 65279")]
    TooManySections(usize),
    /// A field that no relocation can describe.
    #[error("an operand has {0} bytes of its instruction behind it, a relocation allows for 5")]
    Trailing(u8),
    /// The COFF writer refused.
    #[error("the payload could not be written: {0}")]
    Write(#[from] object::write::Error),
    /// What was written is not what was planned.
    #[error("the payload does not read back as planned: {0}")]
    ReadBack(String),
}

/// The object, and what its symbols stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The COFF object.
    pub object: Vec<u8>,
    /// For each replacement of the plan: the symbol of the new code and of its gate.
    pub functions: Vec<(String, String)>,
    /// Undefined symbols that are places in the old image, by name.
    pub externals: Vec<External>,
    /// Undefined symbols that are functions of other modules, by name.
    pub imports: Vec<ImportedSymbol>,
    /// Variables that only the new build has, in the order of their addresses.
    pub variables: Vec<Variable>,
    /// Functions that it brings and whose addresses the program may keep, by symbol.
    pub exposed: Vec<String>,
    /// Functions that run around the patch, with their symbols.
    pub hooks: Vec<(names::Hook, String)>,
}

impl Payload {
    /// Writes the object and reads it back. `module` is the file name of the old image.
    ///
    /// # Errors
    /// Where the plan does not fit into a COFF object, or does not read back.
    pub fn new(plan: &Plan, old: &Program<'_>, module: &str) -> Result<Self, PayloadError> {
        let content = content::Content::new(plan, old, module)?;
        let object = coff::write(&content)?;
        readback::check(&content, &object)?;
        Ok(Payload {
            object,
            functions: content.functions,
            externals: content.externals,
            imports: content.imports,
            variables: variables(plan),
            exposed: {
                let symbol = |p: &PieceIndex| plan.pieces[p.0 as usize].symbol.clone();
                let mut exposed: Vec<String> = plan.exposed.iter().map(symbol).collect();
                exposed.sort();
                exposed
            },
            hooks: plan
                .hooks
                .iter()
                .map(|(hook, piece)| (*hook, plan.pieces[piece.0 as usize].symbol.clone()))
                .collect(),
        })
    }
}

/// The variables that the payload brings.
fn variables(plan: &Plan) -> Vec<Variable> {
    let mut pieces: Vec<&Piece> = plan.pieces.iter().collect();
    pieces.sort_by_key(|p| p.origin);
    let mut variables = Vec::new();
    for piece in pieces {
        for (i, member) in piece.members.iter().enumerate() {
            let before = i.checked_sub(1).map(|before| &piece.members[before]);
            variables.push(Variable {
                symbol: member.symbol.clone(),
                name: member.key.clone(),
                size: member.size,
                type_sha256: member.type_sha256.clone(),
                behind: before
                    .filter(|_| member.glued)
                    .map(|b| member.offset - b.offset),
            });
        }
    }
    variables
}
