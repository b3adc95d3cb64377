//! Where functions begin and end.
//!
//! Procedure records are exact. What they leave over comes from the function table,
//! from public symbols and, last, from section contributions, so that no byte of code
//! is left out of the comparison. Such an extent ends at the next known start; the
//! padding at its end is cut off.

use std::collections::{BTreeSet, HashSet};

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction};

use super::length_without_padding;
use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::{ModuleIndex, Symbols, TypeIndex};

/// How the extent of a function is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionSource {
    /// From the record of a procedure or of a separated part: exact.
    Procedure,
    /// From a public symbol, an entry of the function table, or a section contribution.
    Inferred,
}

/// One name of a function. Several functions share an address after identical code folding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// Name in the procedure record, or the public name where there is no record.
    pub name: String,
    /// Decorated name from the publics.
    pub linkage: Option<String>,
    /// The module of the procedure record.
    pub module: Option<ModuleIndex>,
    /// Whether it can be called from other modules.
    pub global: bool,
    /// Its type, by the procedure record.
    pub type_index: Option<TypeIndex>,
}

/// A contiguous piece of code with its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// First byte.
    pub rva: Rva,
    /// Length in bytes.
    pub size: u32,
    /// Its names; empty for code that no symbol names.
    pub names: Vec<FunctionName>,
    /// How its extent is known.
    pub source: FunctionSource,
    /// Whether another function begins inside of it.
    pub overlapped: bool,
    /// Parts that the linker placed elsewhere.
    pub parts: Vec<(Rva, u32)>,
    /// The function never returns (its record says so).
    pub never_returns: bool,
}

impl Function {
    /// First address after the function.
    pub fn end(&self) -> Rva {
        Rva(self.rva.0.saturating_add(self.size))
    }

    /// Length of all its code in bytes, separated parts included.
    pub fn code_len(&self) -> u32 {
        let parts = self.parts.iter().map(|(_, size)| *size);
        parts.fold(self.size, u32::saturating_add)
    }

    /// The name to show: that of the first procedure record, else of the first public.
    pub fn display_name(&self) -> String {
        match self.names.first() {
            Some(name) => name.name.clone(),
            None => format!("code at {}", self.rva),
        }
    }

    /// How many functions have this address. A public name without a procedure of its own is
    /// another name of the same one; two of one name that only their files see are two.
    pub fn procedures(&self) -> usize {
        let procedures = self.names.iter().filter(|n| n.module.is_some());
        let known = procedures.map(|n| (&n.name, n.module.filter(|_| !n.global)));
        known.collect::<BTreeSet<_>>().len()
    }

    /// Whether this is one of its names, decorated or not, or the name to show.
    pub fn is_called(&self, name: &str) -> bool {
        let mut names = self.names.iter();
        names.any(|n| n.name == name || n.linkage.as_deref() == Some(name))
            || self.names.is_empty() && self.display_name() == name
    }

    /// The decorated name of the first name that has one.
    pub fn linkage_name(&self) -> Option<&str> {
        self.names.iter().find_map(|n| n.linkage.as_deref())
    }
}

/// All functions of an image by ascending address.
pub fn find(image: &Image<'_>, symbols: &Symbols) -> Vec<Function> {
    let mut functions = from_procedures(image, symbols);
    functions.extend(from_trampolines(symbols, &functions));
    functions.sort_by_key(|f| f.rva);
    functions.extend(from_separated(image, symbols, &functions));
    functions.sort_by_key(|f| f.rva);
    let inferred = from_starts(image, symbols, &functions);
    functions.extend(inferred);
    functions.sort_by_key(|f| f.rva);
    for i in 1..functions.len() {
        if functions[i].rva < functions[i - 1].end() {
            functions[i - 1].overlapped = true;
            functions[i].overlapped = true;
        }
    }
    attach_parts(&mut functions, symbols);
    functions
}

/// Separated parts of procedures, as long as their records say. The function table may have
/// several entries for one.
fn from_separated(image: &Image<'_>, symbols: &Symbols, known: &[Function]) -> Vec<Function> {
    let is_code = |rva: Rva| image.section_at(rva).map(|s| s.kind()) == Some(SectionKind::Code);
    let known_starts = |rva: Rva| known.binary_search_by_key(&rva, |f| f.rva).is_ok();
    let parts = symbols.separated.iter();
    let mut parts: Vec<_> = parts
        .filter(|p| p.size > 0 && is_code(p.rva) && !known_starts(p.rva) && !covered(known, p.rva))
        .collect();
    parts.dedup_by_key(|p| p.rva);
    parts
        .into_iter()
        .map(|part| Function {
            rva: part.rva,
            size: part.size,
            names: Vec::new(),
            source: FunctionSource::Procedure,
            overlapped: false,
            parts: Vec::new(),
            never_returns: false,
        })
        .collect()
}

/// Jumps of incremental linking, named after the function they lead to.
fn from_trampolines(symbols: &Symbols, known: &[Function]) -> Vec<Function> {
    let named = |rva: Rva| {
        let at = known.binary_search_by_key(&rva, |f| f.rva).ok()?;
        known[at].names.first()
    };
    let free = |rva: Rva| known.binary_search_by_key(&rva, |f| f.rva).is_err();
    let jumps = symbols
        .trampolines
        .iter()
        .filter(|t| free(t.rva) && t.size > 0);
    jumps
        .map(|t| {
            let target = named(t.target);
            let shown = target.map_or_else(|| t.target.to_string(), |n| n.name.clone());
            let linkage = target.and_then(|n| n.linkage.as_ref());
            Function {
                rva: t.rva,
                size: t.size,
                names: vec![FunctionName {
                    name: format!("@ILT({shown})"),
                    linkage: linkage.map(|l| format!("@ILT({l})")),
                    module: target.and_then(|n| n.module),
                    global: linkage.is_some(),
                    type_index: None,
                }],
                source: FunctionSource::Inferred,
                overlapped: false,
                parts: Vec::new(),
                never_returns: false,
            }
        })
        .collect()
}

/// The publics at an address.
pub(super) fn publics_at(symbols: &Symbols, rva: Rva) -> impl Iterator<Item = &str> {
    let first = symbols.publics.partition_point(|p| p.rva < rva);
    symbols.publics[first..]
        .iter()
        .take_while(move |p| p.rva == rva)
        .map(|p| p.name.as_str())
}

fn from_procedures(image: &Image<'_>, symbols: &Symbols) -> Vec<Function> {
    let mut functions: Vec<Function> = Vec::new();
    for group in symbols.procedures.chunk_by(|a, b| a.rva == b.rva) {
        let rva = group[0].rva;
        let size = group.iter().map(|p| p.size).max().unwrap_or(0);
        let in_code = image.section_at(rva).map(|s| s.kind()) == Some(SectionKind::Code);
        if size == 0 || !in_code || image.slice(rva, size as usize).is_none() {
            continue;
        }
        let size = size + trap_behind(image, symbols, (rva, size));
        let publics: Vec<&str> = publics_at(symbols, rva).collect();
        functions.push(Function {
            rva,
            size,
            names: names(group, &publics),
            source: FunctionSource::Procedure,
            overlapped: false,
            parts: Vec::new(),
            never_returns: group.iter().all(|p| p.never_returns),
        });
    }
    functions
}

/// Bytes behind a procedure that belong to it as well: compilers put a trap behind a call that
/// does not return, so that the address it returns to is within the function, and some count it
/// in the function table and not in the record.
fn trap_behind(image: &Image<'_>, symbols: &Symbols, (rva, size): (Rva, u32)) -> u32 {
    const TRAP: u8 = 0xcc;
    let Some(end) = rva.checked_add(size) else {
        return 0;
    };
    let table = &image.runtime_functions;
    let next = table.partition_point(|e| e.begin < end);
    let last = next.checked_sub(1).map(|i| table[i]);
    let Some(last) = last.filter(|e| e.begin >= rva && e.end > end) else {
        return 0;
    };
    let more = last.end.0 - end.0;
    let traps = image.slice(end, more as usize);
    let is_trap = traps.is_some_and(|bytes| bytes.iter().all(|b| *b == TRAP));
    let of_another = |at: Rva| at >= end && at < last.end;
    let begins = symbols.procedures.iter().any(|p| of_another(p.rva))
        || symbols.publics.iter().any(|p| of_another(p.rva));
    match is_trap && !begins {
        true => more,
        false => 0,
    }
}

/// Pairs procedure records with the publics at the same address. A public that no
/// record claims is a name of its own (identical code folding keeps all publics).
fn names(procedures: &[crate::symbols::Procedure], publics: &[&str]) -> Vec<FunctionName> {
    let mut unclaimed: Vec<&str> = publics.to_vec();
    let mut names: Vec<FunctionName> = Vec::new();
    for procedure in procedures {
        let position = if procedures.len() == 1 && publics.len() == 1 && procedure.global {
            Some(0)
        } else {
            unclaimed
                .iter()
                .position(|public| public_belongs_to(public, &procedure.name))
        };
        let linkage = match position {
            Some(position) if procedure.global && position < unclaimed.len() => {
                Some(unclaimed.remove(position).to_owned())
            }
            _ => None,
        };
        names.push(FunctionName {
            name: procedure.name.clone(),
            linkage,
            module: Some(procedure.module),
            global: procedure.global,
            type_index: Some(procedure.type_index),
        });
    }
    names.extend(unclaimed.into_iter().map(|public| FunctionName {
        name: public.to_owned(),
        linkage: Some(public.to_owned()),
        module: None,
        global: true,
        type_index: None,
    }));
    names
}

/// Whether a decorated name can be that of a procedure: its last component occurs in it.
fn public_belongs_to(public: &str, procedure: &str) -> bool {
    let last = procedure.rsplit("::").next().unwrap_or(procedure);
    let plain: String = last
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '$')
        .collect();
    public == procedure || (!plain.is_empty() && public.contains(&plain))
}

/// Code that no procedure record covers, cut at every known start.
fn from_starts(image: &Image<'_>, symbols: &Symbols, known: &[Function]) -> Vec<Function> {
    let is_code = |rva: &Rva| image.section_at(*rva).map(|s| s.kind()) == Some(SectionKind::Code);
    let mut starts = borders(image, symbols);
    starts.extend(known.iter().map(Function::end));
    starts.retain(is_code);
    let handlers = handlers(image);
    let (inside, outside): (Vec<Rva>, Vec<Rva>) = handlers.into_iter().partition(is_code);
    starts.extend(inside);
    let code = image.sections.iter();
    let code = code.filter(|s| s.kind() == SectionKind::Code);
    starts.extend(code.map(|s| s.rva));
    let mut found = between(image, symbols, known, starts);
    join_beginnings(image, &mut found);
    if !outside.is_empty() {
        found.extend(handlers_in_data(image, symbols, &outside));
    }
    found
}

/// Where an object file, a symbol or an entry of the function table says that something begins,
/// or that what an object file contributed ends. Entries say nothing with their ends: behind
/// them lie switch tables of the function.
fn borders(image: &Image<'_>, symbols: &Symbols) -> Vec<Rva> {
    let publics = symbols.publics.iter().map(|p| p.rva);
    let entries = image.runtime_functions.iter();
    // Behind what an object file contributed is padding, as a rule.
    let contributions = symbols.contributions.iter();
    let contribution_ends = contributions.filter_map(|c| c.rva.checked_add(c.size));
    publics
        .chain(entries.map(|f| f.begin))
        .chain(symbols.contributions.iter().map(|c| c.rva))
        .chain(contribution_ends)
        .collect()
}

/// The exception handlers that unwind information names.
fn handlers(image: &Image<'_>) -> Vec<Rva> {
    let infos = image.runtime_functions.iter();
    let infos = infos.filter_map(|f| image.unwind_info(f.info).ok());
    let mut handlers: Vec<Rva> = infos.filter_map(|i| Some(i.handler?.0)).collect();
    handlers.sort_unstable();
    handlers.dedup();
    handlers
}

/// Joins the first instructions of a named function with the rest of it, where its entry of the
/// function table begins behind them: hand-written code saves registers there that its handler
/// restores, and the entry is for what follows.
fn join_beginnings(image: &Image<'_>, functions: &mut Vec<Function>) {
    functions.dedup_by(|rest, first| {
        let is_rest = rest.names.is_empty()
            && !first.names.is_empty()
            && first.end() == rest.rva
            && begins_entry(image, rest.rva)
            && !begins_entry(image, first.rva)
            && runs_on(image, first);
        if is_rest {
            first.size += rest.size;
        }
        is_rest
    });
}

fn begins_entry(image: &Image<'_>, rva: Rva) -> bool {
    let table = &image.runtime_functions;
    table.binary_search_by_key(&rva, |f| f.begin).is_ok()
}

/// Whether a few instructions lead to what lies behind them.
fn runs_on(image: &Image<'_>, function: &Function) -> bool {
    /// No more is done before a frame is set up.
    const MAX_SIZE: u32 = 64;
    if function.size > MAX_SIZE {
        return false;
    }
    let Some(bytes) = image.slice(function.rva, function.size as usize) else {
        return false;
    };
    let instructions: Vec<Instruction> =
        Decoder::with_ip(64, bytes, function.rva.0.into(), DecoderOptions::NONE)
            .into_iter()
            .collect();
    instructions
        .iter()
        .all(|i| !i.is_invalid() && i.flow_control() == FlowControl::Next)
}

/// Handlers that hand-written code has left among its data: an assembler that was told of a
/// section of constants puts there all that follows.
fn handlers_in_data(image: &Image<'_>, symbols: &Symbols, handlers: &[Rva]) -> Vec<Function> {
    let mut starts = borders(image, symbols);
    starts.extend(symbols.data.iter().map(|d| d.rva));
    starts.extend(handlers);
    let is_near = |rva: &Rva| {
        image
            .section_at(*rva)
            .is_some_and(|s| s.kind() != SectionKind::Code)
    };
    starts.retain(is_near);
    let mut found = between(image, symbols, &[], starts);
    found.retain(|f| handlers.binary_search(&f.rva).is_ok());
    found
}

/// The pieces from each start to the next one, without padding, that no known function covers.
fn between(
    image: &Image<'_>,
    symbols: &Symbols,
    known: &[Function],
    mut starts: Vec<Rva>,
) -> Vec<Function> {
    starts.sort_unstable();
    starts.dedup();
    starts.retain(|rva| !covered(known, *rva));
    let mut found = Vec::new();
    for (i, &rva) in starts.iter().enumerate() {
        let Some(rest) = image.rest_of_section(rva) else {
            continue;
        };
        let mut end = rva.0.saturating_add(rest.len() as u32);
        if let Some(next) = starts.get(i + 1) {
            end = end.min(next.0);
        }
        let next_known = known.partition_point(|f| f.rva <= rva);
        if let Some(next) = known.get(next_known) {
            end = end.min(next.rva.0);
        }
        let bytes = &rest[..(end - rva.0) as usize];
        // What an object file contributed ends without padding: zeros there are its own.
        let own = symbols.contribution_at(rva);
        let is_last = own.is_some_and(|c| c.rva.0.checked_add(c.size) == Some(end));
        let size = match length_without_padding(bytes) {
            0 => 0,
            _ if is_last => bytes.len() as u32,
            size => size,
        };
        if size == 0 {
            continue;
        }
        let publics: Vec<&str> = publics_at(symbols, rva).collect();
        found.push(Function {
            rva,
            size,
            names: names(&[], &publics),
            source: FunctionSource::Inferred,
            overlapped: false,
            parts: Vec::new(),
            never_returns: false,
        });
    }
    found
}

fn covered(functions: &[Function], rva: Rva) -> bool {
    let after = functions.partition_point(|f| f.rva <= rva);
    after > 0 && rva < functions[after - 1].end()
}

/// Gives separated parts to their functions. A part has no parts of its own: what a damaged
/// record says so of stays code that nothing names.
fn attach_parts(functions: &mut [Function], symbols: &Symbols) {
    let parts: HashSet<Rva> = symbols.separated.iter().map(|part| part.rva).collect();
    for part in &symbols.separated {
        if parts.contains(&part.parent) {
            continue;
        }
        let at = functions.binary_search_by_key(&part.parent, |f| f.rva);
        if let Ok(at) = at
            && !(functions[at].rva <= part.rva && part.rva < functions[at].end())
        {
            functions[at].parts.push((part.rva, part.size));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decorated_name_is_recognised_by_its_last_component() {
        assert!(public_belongs_to("?run@Server@@QEAAXXZ", "Server::run"));
        assert!(public_belongs_to("_ZN6Server3runEv", "Server::run"));
        assert!(public_belongs_to("handle_line", "handle_line"));
        assert!(!public_belongs_to("?stop@Server@@QEAAXXZ", "Server::run"));
    }
}
