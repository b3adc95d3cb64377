//! Reads the streams of a PDB into [`Symbols`].

use std::collections::BTreeMap;

use pdb::{AddressMap, FallibleIterator, PdbInternalSectionOffset, StreamIndex, SymbolData};

use super::container;
use super::features;
use super::fixups;
use super::raw::{self, RawSwitchTable};
use super::{
    Compiler, Contribution, Datum, Module, ModuleIndex, Procedure, Public, SectionGroup,
    SeparatedCode, SwitchTable, Symbols, SymbolsError, ThreadLocal, Trampoline, TypeIndex, Types,
};
use crate::addr::Rva;

/// The information stream's fixed number.
const INFORMATION_STREAM: StreamIndex = StreamIndex(1);
/// The type stream's fixed number (LLVM, "The PDB File Format: Streams").
const TPI_STREAM: StreamIndex = StreamIndex(2);
/// The debug information stream's fixed number.
const DBI_STREAM: StreamIndex = StreamIndex(3);

/// The item stream's fixed number.
const IPI_STREAM: StreamIndex = StreamIndex(4);

/// Items of the functions inlined into a function, by module and name.
type Inlined = BTreeMap<(ModuleIndex, String), Vec<TypeIndex>>;

/// The names of inlined functions. Where they cannot be read, none is known: they only help
/// to find what became of a variable.
fn names_of(inlined: &Inlined, items: &[u8]) -> BTreeMap<(ModuleIndex, String), Vec<String>> {
    let items = Types::parse(items).unwrap_or_default();
    let names = |list: &Vec<TypeIndex>| {
        let names = list.iter().filter_map(|i| items.function_item(*i));
        let mut names: Vec<String> = names.map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        names
    };
    let named = inlined.iter().map(|(key, list)| (key.clone(), names(list)));
    named.collect()
}

/// Reads a whole PDB.
pub fn read(bytes: &[u8]) -> Result<Symbols, SymbolsError> {
    let mut file = container::open(bytes)?;
    let information = file.pdb_information()?;
    let debug = file.debug_information()?;
    let map = file.address_map()?;
    let mut symbols = Symbols {
        guid: information.guid.to_string().to_uppercase(),
        age: debug.age().unwrap_or(information.age),
        ..Symbols::default()
    };
    if let Some(stream) = file.raw_stream(INFORMATION_STREAM)? {
        symbols.minimal = features::is_minimal(stream.as_slice());
    }
    if let Some(stream) = file.raw_stream(TPI_STREAM)? {
        symbols.types = Types::parse(stream.as_slice())?;
    }
    if let Some(dbi) = file.raw_stream(DBI_STREAM)?
        && let Some(number) = fixups::stream_number(dbi.as_slice())
        && let Some(stream) = file.raw_stream(StreamIndex(number))?
    {
        symbols.fixups = fixups::parse(stream.as_slice());
    }
    let mut inlined = Inlined::new();
    // Each object file has symbols of its own.
    let mut left = bytes.len();
    let mut modules = debug.modules()?;
    while let Some(module) = modules.next()? {
        let index = ModuleIndex(symbols.modules.len() as u32);
        symbols.modules.push(Module {
            name: module.module_name().into_owned(),
            library: module.object_file_name().into_owned(),
            compiler: None,
            names_types: false,
        });
        if let Some(info) = file.module_info(&module)? {
            let mut reader = ModuleReader {
                symbols: &mut symbols,
                map: &map,
                module: index,
                scopes: Vec::new(),
                inlinees: Vec::new(),
                inlined: &mut inlined,
                left: &mut left,
            };
            reader.read(info.symbols()?)?;
        }
    }
    if !inlined.is_empty()
        && let Ok(Some(stream)) = file.raw_stream(IPI_STREAM)
    {
        symbols.inlined = names_of(&inlined, stream.as_slice());
    }
    read_contributions(&mut symbols, &debug, &map)?;
    read_globals(&mut symbols, file.global_symbols()?.iter(), &map)?;
    sort(&mut symbols);
    for datum in &symbols.data {
        symbols.types.name_unnamed(datum.type_index, &datum.name);
    }
    Ok(symbols)
}

fn read_contributions(
    symbols: &mut Symbols,
    debug: &pdb::DebugInformation<'_>,
    map: &AddressMap<'_>,
) -> Result<(), SymbolsError> {
    let mut contributions = debug.section_contributions()?;
    while let Some(c) = contributions.next()? {
        if c.module >= symbols.modules.len() {
            return Err(SymbolsError::Malformed {
                what: "section contribution",
                reason: format!(
                    "it is of object file {}, and there are {}",
                    c.module,
                    symbols.modules.len()
                ),
            });
        }
        if let Some(rva) = c.offset.to_rva(map) {
            symbols.contributions.push(Contribution {
                rva: Rva(rva.0),
                size: c.size,
                module: ModuleIndex(c.module as u32),
                code: c.characteristics.executable() || c.characteristics.execute(),
                zeros: c.characteristics.uninitialized_data(),
            });
        }
    }
    Ok(())
}

/// The global stream: publics, global variables, and references into modules.
fn read_globals(
    symbols: &mut Symbols,
    mut records: pdb::SymbolIter<'_>,
    map: &AddressMap<'_>,
) -> Result<(), SymbolsError> {
    while let Some(record) = records.next()? {
        match record.parse() {
            Ok(SymbolData::Public(public)) => {
                if let Some(rva) = public.offset.to_rva(map) {
                    symbols.publics.push(Public {
                        rva: Rva(rva.0),
                        name: public.name.to_string().into_owned(),
                        code: public.code || public.function,
                    });
                }
            }
            Ok(SymbolData::Data(data)) if data.global => {
                if let Some(rva) = data.offset.to_rva(map) {
                    symbols.data.push(Datum {
                        rva: Rva(rva.0),
                        name: data.name.to_string().into_owned(),
                        module: None,
                        scope: None,
                        owner: None,
                        type_index: TypeIndex(data.type_index.0),
                    });
                }
            }
            Ok(SymbolData::ThreadStorage(data)) if data.global => {
                push_thread_local(symbols, &data, map, (None, None));
            }
            Ok(SymbolData::UserDefinedType(udt)) => {
                let (index, name) = (TypeIndex(udt.type_index.0), udt.name.to_string());
                symbols.types.name_unnamed(index, &name);
            }
            Ok(_) => {}
            Err(_) => count_unknown(symbols, record.raw_kind()),
        }
    }
    Ok(())
}

fn push_thread_local(
    symbols: &mut Symbols,
    data: &pdb::ThreadStorageSymbol<'_>,
    map: &AddressMap<'_>,
    (module, scope): (Option<ModuleIndex>, Option<String>),
) {
    if let Some(rva) = data.offset.to_rva(map) {
        symbols.thread_locals.push(ThreadLocal {
            rva: Rva(rva.0),
            offset: data.offset.offset,
            name: data.name.to_string().into_owned(),
            module,
            scope,
            type_index: TypeIndex(data.type_index.0),
        });
    }
}

fn count_unknown(symbols: &mut Symbols, kind: u16) {
    if raw::is_irrelevant(kind) {
        return;
    }
    *symbols.unknown_records.entry(kind).or_default() += 1;
}

/// A function by its name, and where it begins, unless the linker left it out.
type Scope = (String, Option<Rva>);

/// Reads the symbols of one module, keeping track of which function encloses a record.
struct ModuleReader<'r, 'm> {
    symbols: &'r mut Symbols,
    map: &'r AddressMap<'m>,
    module: ModuleIndex,
    /// Names of the open scopes, and where the functions begin; `None` for blocks and inlined
    /// calls.
    scopes: Vec<Option<Scope>>,
    /// Items of the functions inlined into the open function.
    inlinees: Vec<TypeIndex>,
    /// Those of functions with static variables.
    inlined: &'r mut Inlined,
    /// Bytes that the symbols of further records can have.
    left: &'r mut usize,
}

impl ModuleReader<'_, '_> {
    fn read(&mut self, mut records: pdb::SymbolIter<'_>) -> Result<(), SymbolsError> {
        while let Some(record) = records.next()? {
            let kind = record.raw_kind();
            let mut scope = None;
            let left = self.left.checked_sub(record.raw_bytes().len());
            *self.left = left.ok_or_else(|| SymbolsError::Malformed {
                what: "object file",
                reason: "its symbols are those of another one".into(),
            })?;
            if raw::names_types(kind)
                && let Some(module) = self.symbols.modules.last_mut()
            {
                module.names_types = true;
            }
            let body = record.raw_bytes().get(2..).unwrap_or(&[]);
            if kind == raw::S_ARMSWITCHTABLE {
                self.switch_table(body)?;
            } else if kind == raw::S_COFFGROUP {
                self.section_group(body);
            } else {
                match record.parse() {
                    Ok(data) => scope = self.record(data, body),
                    Err(_) => count_unknown(self.symbols, kind),
                }
            }
            if raw::is_inline_site(kind) {
                self.inlinees.extend(raw::inlinee(body).map(TypeIndex));
            }
            if record.starts_scope() {
                self.scopes.push(scope);
            } else if record.ends_scope()
                && let Some(Some((name, _))) = self.scopes.pop()
            {
                self.end_function(name);
            }
        }
        Ok(())
    }

    /// Keeps what was inlined into a function where it has static variables.
    fn end_function(&mut self, name: String) {
        let inlinees = std::mem::take(&mut self.inlinees);
        let last = self.symbols.data.last();
        if !inlinees.is_empty() && last.is_some_and(|d| d.scope.as_ref() == Some(&name)) {
            let known = self.inlined.entry((self.module, name)).or_default();
            known.extend(inlinees);
        }
    }

    fn rva(&self, offset: PdbInternalSectionOffset) -> Option<Rva> {
        offset.to_rva(self.map).map(|r| Rva(r.0))
    }

    fn place(&self, (section, offset): (u16, u32)) -> Option<Rva> {
        self.rva(PdbInternalSectionOffset { offset, section })
    }

    fn enclosing_function(&self) -> Option<Scope> {
        self.scopes.iter().rev().flatten().next().cloned()
    }

    /// Takes one record; returns the function it opens, if it does.
    fn record(&mut self, data: SymbolData<'_>, body: &[u8]) -> Option<Scope> {
        match data {
            SymbolData::Procedure(procedure) => {
                let name = procedure.name.to_string().into_owned();
                // The linker leaves the record of a discarded COMDAT with a null address.
                let rva = self.rva(procedure.offset);
                if let Some(rva) = rva {
                    self.symbols.procedures.push(Procedure {
                        rva,
                        size: procedure.len,
                        name: name.clone(),
                        module: self.module,
                        global: procedure.global,
                        never_returns: procedure.flags.never,
                        type_index: TypeIndex(procedure.type_index.0),
                    });
                }
                Some((name, rva))
            }
            SymbolData::Data(data) => {
                if let Some(rva) = self.rva(data.offset) {
                    let (scope, owner) = self.enclosing_function().unzip();
                    let datum = Datum {
                        rva,
                        name: data.name.to_string().into_owned(),
                        module: (!data.global).then_some(self.module),
                        scope,
                        owner: owner.flatten(),
                        type_index: TypeIndex(data.type_index.0),
                    };
                    self.symbols.data.push(datum);
                }
                None
            }
            SymbolData::ThreadStorage(data) => {
                let module = (!data.global).then_some(self.module);
                let scope = self.enclosing_function();
                let place = (module, scope.map(|(name, _)| name));
                push_thread_local(self.symbols, &data, self.map, place);
                None
            }
            SymbolData::SeparatedCode(part) => {
                let parent = self.rva(part.parent_offset);
                if let (Some(rva), Some(parent)) = (self.rva(part.offset), parent) {
                    self.symbols.separated.push(SeparatedCode {
                        rva,
                        size: part.len,
                        parent,
                    });
                }
                None
            }
            SymbolData::Trampoline(jump) => {
                let places = (self.rva(jump.thunk), self.rva(jump.target));
                if let (Some(rva), Some(target)) = places {
                    self.symbols.trampolines.push(Trampoline {
                        rva,
                        size: jump.size.into(),
                        target,
                    });
                }
                None
            }
            SymbolData::CompileFlags(flags) => {
                if let Some(module) = self.symbols.modules.last_mut() {
                    module.compiler = Some(Compiler::new(&flags, body));
                }
                None
            }
            _ => None,
        }
    }

    fn section_group(&mut self, body: &[u8]) {
        let Some((place, size, name)) = raw::section_group(body) else {
            return count_unknown(self.symbols, raw::S_COFFGROUP);
        };
        if let Some(rva) = self.place(place) {
            self.symbols.groups.push(SectionGroup { rva, size, name });
        }
    }

    fn switch_table(&mut self, body: &[u8]) -> Result<(), SymbolsError> {
        let Some(RawSwitchTable {
            base,
            branch,
            table,
            entries,
            entry,
        }) = raw::switch_table(body)
        else {
            count_unknown(self.symbols, raw::S_ARMSWITCHTABLE);
            return Ok(());
        };
        let places = (self.place(base), self.place(branch), self.place(table));
        if let (Some(base), Some(branch), Some(table)) = places {
            self.symbols.switch_tables.push(SwitchTable {
                base,
                branch,
                table,
                entries,
                entry,
            });
        }
        Ok(())
    }
}

fn sort(symbols: &mut Symbols) {
    symbols
        .procedures
        .sort_by(|a, b| (a.rva, &a.name, a.module).cmp(&(b.rva, &b.name, b.module)));
    symbols.procedures.dedup();
    // A static of an inlined function is listed in every function that it is inlined in.
    // Object files may disagree about the type of a variable: all are kept.
    symbols.data.sort_by(|a, b| {
        let (before, after) = ((a.rva, &a.name, a.module), (b.rva, &b.name, b.module));
        let rest = (&a.scope, a.owner, a.type_index).cmp(&(&b.scope, b.owner, b.type_index));
        before.cmp(&after).then(rest)
    });
    symbols.data.dedup_by(|a, b| {
        (a.rva, &a.name, &a.scope, a.owner, a.type_index)
            == (b.rva, &b.name, &b.scope, b.owner, b.type_index)
    });
    symbols
        .publics
        .sort_by(|a, b| (a.rva, &a.name).cmp(&(b.rva, &b.name)));
    symbols.publics.dedup();
    symbols.contributions.sort_by_key(|c| (c.rva, c.size));
    symbols.separated.sort_by_key(|s| s.rva);
    symbols.switch_tables.sort_by_key(|t| (t.table, t.branch));
    symbols.switch_tables.dedup();
    symbols
        .groups
        .sort_by(|a, b| (a.rva, &a.name).cmp(&(b.rva, &b.name)));
    symbols.trampolines.sort_by_key(|t| t.rva);
    symbols.trampolines.dedup();
    let order = |t: &ThreadLocal| (t.rva, t.name.clone(), t.module, t.scope.clone());
    symbols.thread_locals.sort_by_cached_key(order);
    symbols.thread_locals.dedup();
}
