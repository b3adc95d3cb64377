//! The thread-local variables of a build: where each lies in the block that every thread has.
//!
//! Offsets here count from the start of the block, which is a copy of the image's TLS
//! template and zeros behind it.

use iced_x86::{Decoder, DecoderOptions, Mnemonic, OpKind};

use super::{FunctionIndex, Program};
use crate::addr::Rva;
use crate::image::{Image, TlsDirectory};
use crate::symbols::{ModuleIndex, Symbols, ThreadLocal};

/// One name of a thread-local variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadLocalName {
    /// Name in the record, or the public name.
    pub name: String,
    /// The object file of a file-local or function-local variable.
    pub module: Option<ModuleIndex>,
    /// The function that it belongs to.
    pub scope: Option<String>,
}

/// A thread-local variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadLocalVariable {
    /// Where it begins in the block.
    pub offset: u32,
    /// Size of its type, where that is known and not nothing.
    pub size: Option<u32>,
    /// Its type is an array, so that code may go up to its end.
    pub is_array: bool,
    /// Its type as text, where a record names one.
    pub type_name: Option<String>,
    /// Its names; at least one.
    pub names: Vec<ThreadLocalName>,
}

/// What one object file put into the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadLocalPart {
    /// Where it begins in the block.
    pub offset: u32,
    /// Length in bytes.
    pub size: u32,
    /// The object file.
    pub module: ModuleIndex,
}

/// What is known of the block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadLocals {
    /// Length of the block in bytes.
    pub size: u32,
    /// The variables, by ascending offset; one for each offset.
    pub variables: Vec<ThreadLocalVariable>,
    /// What the object files put into it, by ascending offset.
    pub parts: Vec<ThreadLocalPart>,
}

impl ThreadLocals {
    /// Finds the variables of an image; none where it has no TLS directory.
    pub fn new(image: &Image<'_>, symbols: &Symbols) -> Self {
        let Some(tls) = &image.tls else {
            return ThreadLocals::default();
        };
        let size = tls.template_size.saturating_add(tls.zero_fill);
        let block = Block {
            start: tls.template,
            size,
        };
        let mut variables = Vec::new();
        for (record, offset) in placed(block, image, symbols) {
            let size = symbols.types.size_of(record.type_index);
            variables.push(ThreadLocalVariable {
                offset,
                size: size.filter(|s| *s > 0),
                is_array: symbols.types.is_array(record.type_index),
                type_name: Some(symbols.types.type_name(record.type_index)),
                names: vec![ThreadLocalName {
                    name: record.name.clone(),
                    module: record.module,
                    scope: record.scope.clone(),
                }],
            });
        }
        // An object without debug information names what others can use.
        for public in symbols.publics.iter().filter(|p| !is_border(&p.name)) {
            if let Some(offset) = block.offset(public.rva) {
                variables.push(ThreadLocalVariable {
                    offset,
                    size: None,
                    is_array: false,
                    type_name: None,
                    names: vec![ThreadLocalName {
                        name: public.name.clone(),
                        module: None,
                        scope: None,
                    }],
                });
            }
        }
        ThreadLocals {
            size,
            variables: merged(variables),
            parts: parts(tls, block, symbols),
        }
    }

    /// The variable at this offset or before it.
    pub fn before(&self, offset: u32) -> Option<usize> {
        let after = self.variables.partition_point(|v| v.offset <= offset);
        after.checked_sub(1)
    }

    /// What an object file put around this offset.
    pub fn part_at(&self, offset: u32) -> Option<usize> {
        let after = self.parts.partition_point(|p| p.offset <= offset);
        let found = after.checked_sub(1)?;
        (offset - self.parts[found].offset < self.parts[found].size).then_some(found)
    }
}

/// Where the template lies, and how long the block is that it begins.
#[derive(Clone, Copy, Debug)]
struct Block {
    start: Rva,
    size: u32,
}

impl Block {
    fn offset(self, rva: Rva) -> Option<u32> {
        rva.0.checked_sub(self.start.0).filter(|o| *o < self.size)
    }
}

/// The records, each with its offset in the block. All records of a build count from the same
/// place: from the section, unless one of them would lie outside of the template then.
fn placed<'s>(
    block: Block,
    image: &Image<'_>,
    symbols: &'s Symbols,
) -> Vec<(&'s ThreadLocal, u32)> {
    let records = || symbols.thread_locals.iter();
    let by_section = records().all(|r| block.offset(r.rva).is_some());
    let by_template = records().all(|r| r.offset < block.size);
    let section = image.section_at(block.start);
    let same = section.is_some_and(|s| s.rva == block.start);
    let from_section = match (by_section, by_template) {
        (true, false) => true,
        (false, _) => false,
        (true, true) => same || !is_of_microsoft(symbols),
    };
    let offset = |r: &ThreadLocal| match from_section {
        true => block.offset(r.rva),
        false => Some(r.offset).filter(|o| *o < block.size),
    };
    records().filter_map(|r| Some((r, offset(r)?))).collect()
}

/// Whether Microsoft's linker made the image.
fn is_of_microsoft(symbols: &Symbols) -> bool {
    let mut modules = symbols.modules.iter();
    let linker = modules.find(|m| m.name == "* Linker *");
    let compiler = linker.and_then(|m| m.compiler.as_ref());
    compiler.is_some_and(|c| c.name.contains("Microsoft"))
}

/// Symbols of the C runtimes at the borders of the template: they are no variables.
fn is_border(name: &str) -> bool {
    matches!(
        name,
        "_tls_start" | "_tls_end" | "_tls_used" | "___tls_start__" | "___tls_end__"
    )
}

fn merged(mut list: Vec<ThreadLocalVariable>) -> Vec<ThreadLocalVariable> {
    list.sort_by_key(|v| v.offset);
    list.dedup_by(|later, first| {
        if later.offset != first.offset {
            return false;
        }
        for name in later.names.drain(..) {
            if !first.names.contains(&name) {
                first.names.push(name);
            }
        }
        first.size = first.size.max(later.size);
        first.is_array |= later.is_array;
        first.type_name = first.type_name.take().or(later.type_name.take());
        true
    });
    list
}

fn parts(tls: &TlsDirectory, block: Block, symbols: &Symbols) -> Vec<ThreadLocalPart> {
    let from = symbols
        .contributions
        .partition_point(|c| c.rva < tls.template);
    let parts = symbols.contributions[from..].iter();
    parts
        .map_while(|c| Some((c, block.offset(c.rva)?)))
        .filter(|(c, _)| c.size > 0)
        .map(|(c, offset)| ThreadLocalPart {
            offset,
            size: c.size,
            module: c.module,
        })
        .collect()
}

impl Program<'_> {
    /// Whether an address lies in the template of the thread-local variables.
    pub fn is_thread_local(&self, rva: Rva) -> bool {
        self.image.tls.as_ref().is_some_and(|t| t.holds(rva))
    }

    /// Whether the instruction with this field takes the address that the field is part of,
    /// rather than read or write what is there. Also where that cannot be told.
    pub fn takes_address(&self, function: FunctionIndex, field: u32) -> bool {
        let mut decoder = Decoder::new(64, self.bytes_of(function), DecoderOptions::NONE);
        while decoder.can_decode() {
            let instruction = decoder.decode();
            if decoder.position() > field as usize {
                let is_memory = (0..instruction.op_count())
                    .any(|operand| instruction.op_kind(operand) == OpKind::Memory);
                let offsets = decoder.get_constant_offsets(&instruction);
                let at = instruction.ip() as usize + offsets.displacement_offset();
                let is_displacement = offsets.has_displacement() && at == field as usize;
                let reads = is_memory && instruction.mnemonic() != Mnemonic::Lea;
                return !(reads && is_displacement);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::{Compiler, Module};

    /// Of one module, with what made it.
    fn image(name: &str, maker: &str) -> Symbols {
        let compiler = Compiler {
            name: maker.to_owned(),
            ..Compiler::default()
        };
        Symbols {
            modules: vec![Module {
                name: name.to_owned(),
                library: String::new(),
                compiler: Some(compiler),
                names_types: false,
            }],
            ..Symbols::default()
        }
    }

    #[test]
    fn the_linker_says_whose_it_is() {
        assert!(is_of_microsoft(&image("* Linker *", "Microsoft (R) LINK")));
        assert!(!is_of_microsoft(&image("* Linker *", "LLVM Linker")));
        // An object file of Microsoft's compiler can be linked by any linker.
        let compiled = image("a.obj", "Microsoft (R) Optimizing Compiler");
        assert!(!is_of_microsoft(&compiled));
    }
}
