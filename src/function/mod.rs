//! Image × symbols → [`Program`]: every function with its exact extent and decoded
//! code, every datum with its extent, and what lies at each address.
//!
//! A byte of code that depends on where the linker placed things is described by a
//! [`Reference`]; everything else is compared as it is.

mod accesses;
mod alignment;
mod arrays;
mod before;
mod by_address;
mod by_hand;
mod calls;
pub(crate) mod convention;
mod data;
mod decode;
mod descriptions;
mod endings;
mod ends;
mod extents;
mod flow;
mod funclets;
pub mod handed;
mod handler;
mod holders;
mod import_pointers;
mod incoming;
mod indexed;
mod lasting;
mod lookups;
mod meaning;
mod objects;
mod padding;
mod pieces;
mod place;
mod ranges;
mod reach;
mod references;
mod remembered;
mod thread_locals;
mod type_info;
mod uses;
mod visibility;

pub use accesses::{MemberAccess, Way};
pub use alignment::Alignment;
pub use arrays::{Arrays, Form, Operator};
pub use calls::{Call, Callee};
pub use data::{DataItem, DataName};
pub use decode::{Code, IndirectJump, Number, Reference, ReferenceKind, Use, decode_out};
pub use descriptions::HEAD as DESCRIPTOR_HEAD;
pub use endings::{End, Ended};
pub use extents::{Function, FunctionName, FunctionSource};
pub use handler::{Block, Event, Field, Guarded, Handler, HandlerData, Item};
pub use holders::{Holder, HolderText, Holders, MAX_BIAS};
pub use incoming::{Incoming, Site};
pub use meaning::{Meanings, is_literal, is_text, use_at};
pub use objects::{Described, ObjectAccess, OtherBuild};
pub use padding::length_without_padding;
pub use place::Place;
pub use reach::text_at;
pub use thread_locals::{ThreadLocalName, ThreadLocalPart, ThreadLocalVariable, ThreadLocals};
pub use uses::Use as AddressUse;

use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::{CodeRange, SwitchTable, Symbols};
use by_address::ByAddress;
use references::Referencers;
use remembered::Remembered;
use type_info::TypeInfo;

/// Index into [`Program::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionIndex(pub u32);

/// Index into [`Program::data`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataIndex(pub u32);

/// One build of the program, read for comparison.
#[derive(Debug)]
pub struct Program<'a> {
    /// The image.
    pub image: &'a Image<'a>,
    /// Its symbols.
    pub symbols: &'a Symbols,
    /// Functions by ascending address; they cover every byte of code that is not padding.
    pub functions: Vec<Function>,
    /// Decoded code of each function, in the same order.
    pub code: Vec<Code>,
    /// Named data by ascending address.
    pub data: Vec<DataItem>,
    /// Switch tables outside of functions, by ascending address: those that the compiler
    /// described, and those that the code shows.
    pub switch_tables: Vec<SwitchTable>,
    /// Thread-local variables, and what the block that holds them is made of.
    pub thread_locals: ThreadLocals,
    /// For each function whether it is a funclet that belongs to another one.
    funclets: Vec<bool>,
    /// Where the separated parts of functions begin, ascending.
    parts: Vec<Rva>,
    referencers: Referencers,
    type_info: TypeInfo,
    incoming: Incoming,
    /// See [`visibility`].
    mixes_files: bool,
    /// Pointers of the base relocation table that lead into the middle of functions: where
    /// each is, and the function.
    labels: Vec<(Rva, FunctionIndex)>,
    functions_by_address: ByAddress,
    data_by_address: ByAddress,
    remembered: Remembered,
}

impl<'a> Program<'a> {
    /// Finds the functions and data of an image and decodes all code.
    pub fn new(image: &'a Image<'a>, symbols: &'a Symbols) -> Self {
        let functions = extents::find(image, symbols);
        let code: Vec<Code> = functions
            .iter()
            .map(|f| decode::decode(image, symbols, f.rva, f.size))
            .collect();
        let data = data::find(image, symbols, &functions);
        let switch_tables = switch_tables(symbols, &code);
        let mut parts: Vec<Rva> = functions
            .iter()
            .flat_map(|f| f.parts.iter().map(|p| p.0))
            .collect();
        parts.sort_unstable();
        let referencers = Referencers::new(image, &functions, &code);
        let incoming = Incoming::new(image, &functions, &code);
        let functions_by_address = ByAddress::new(functions.iter().map(|f| f.rva));
        let data_by_address = ByAddress::new(data.iter().map(|d| d.rva));
        let mut program = Program {
            image,
            symbols,
            functions,
            code,
            data,
            switch_tables,
            thread_locals: ThreadLocals::new(image, symbols),
            funclets: Vec::new(),
            parts,
            referencers,
            type_info: TypeInfo::new(image, symbols),
            incoming,
            mixes_files: false,
            labels: Vec::new(),
            functions_by_address,
            data_by_address,
            remembered: Remembered::default(),
        };
        ends::lead_branches_on(&mut program);
        program.limit_lookups();
        program.mixes_files = visibility::mixes_files(&program);
        program
            .referencers
            .add_entries(image, &program.switch_tables);
        program.incoming.add_entries(image, &program.switch_tables);
        program.limit_constants();
        program.labels = program.find_labels();
        program.funclets = funclets::find(&program);
        // What was asked so far, was asked of less.
        program.remembered = Remembered::default();
        program.find_reaches();
        program
    }

    /// Says of each address that an index is added to which object is meant.
    fn find_reaches(&mut self) {
        for function in self.function_indices() {
            let (meant, open) = indexed::resolve(self, function);
            let code = &mut self.code[function.0 as usize];
            for (at, place) in meant {
                let mut references = code.references.iter_mut();
                if let Some(reference) = references.find(|r| r.at == at) {
                    reference.anchor = Some(place);
                }
            }
            code.unbounded = open;
        }
    }

    fn find_labels(&self) -> Vec<(Rva, FunctionIndex)> {
        let label = |(at, to)| match self.place(to) {
            Place::Function(f, offset) if offset != 0 || self.is_part(f) => Some((at, f)),
            _ => None,
        };
        let mut labels: Vec<_> = self.image.pointers().filter_map(label).collect();
        labels.sort_unstable();
        labels
    }

    /// Pointers in the image that lead into the middle of a function, or to a separated part:
    /// its labels, as GNU C's computed goto takes their addresses.
    pub fn labels_of(&self, function: FunctionIndex) -> impl Iterator<Item = Rva> + '_ {
        let labels = self.labels.iter();
        labels.filter_map(move |(at, f)| (*f == function).then_some(*at))
    }

    /// Whether there is a pointer into the middle of a function within a range of data.
    pub fn has_labels(&self, rva: Rva, size: u32) -> bool {
        let first = self.labels.partition_point(|(at, _)| *at < rva);
        let next = self.labels.get(first);
        next.is_some_and(|(at, _)| at.0 - rva.0 < size)
    }

    /// Ends constants behind what their types say, where something begins to which someone
    /// refers. A type alone is no proof: it may be that of another declaration.
    fn limit_constants(&mut self) {
        for item in &mut self.data {
            let Some(size) = item.type_size.filter(|s| *s > 0 && !item.open_end) else {
                continue;
            };
            let behind = item.rva.0.saturating_add(size);
            let tables = &self.switch_tables;
            let table = tables.partition_point(|t| t.table.0 < behind);
            let next = [
                self.referencers.first_from(Rva(behind)),
                tables.get(table).map(|t| t.table),
            ];
            for next in next.into_iter().flatten() {
                item.content = item.content.min(next.0 - item.rva.0);
            }
        }
    }

    /// The table of distances that holds an address, and how many bytes before it begins.
    pub fn lookup_at(&self, rva: Rva) -> Option<(u32, u32)> {
        let after = self.switch_tables.partition_point(|t| t.table <= rva);
        let index = after.checked_sub(1)?;
        let table = &self.switch_tables[index];
        let offset = rva.0 - table.table.0;
        let inside = offset < table.entries * table.entry.width();
        (table.branch == Rva(0) && inside && offset.is_multiple_of(4))
            .then_some((index as u32, offset))
    }

    /// A function by its index.
    pub fn function(&self, index: FunctionIndex) -> &Function {
        &self.functions[index.0 as usize]
    }

    /// The decoded code of a function.
    pub fn code_of(&self, index: FunctionIndex) -> &Code {
        &self.code[index.0 as usize]
    }

    /// Where execution goes on that runs off the end of a function; `None` where it does not.
    pub fn falls_into(&self, function: FunctionIndex) -> Option<Rva> {
        ends::falls_into(self, function)
    }

    /// Whether a short branch of a function leads where none can lead.
    pub fn branches_too_far(&self, function: FunctionIndex, branch: &Reference) -> bool {
        ends::is_too_far(self, function, branch)
    }

    /// A datum by its index.
    pub fn datum(&self, index: DataIndex) -> &DataItem {
        &self.data[index.0 as usize]
    }

    /// Indices of all functions.
    pub fn function_indices(&self) -> impl Iterator<Item = FunctionIndex> + use<> {
        (0..self.functions.len() as u32).map(FunctionIndex)
    }

    /// Indices of all named data.
    pub fn data_indices(&self) -> impl Iterator<Item = DataIndex> + use<> {
        (0..self.data.len() as u32).map(DataIndex)
    }

    /// Whether a function is a funclet: a catch block, a destructor call or a filter that the
    /// compiler made a function of its own. It is compared as part of its parent.
    pub fn is_funclet(&self, index: FunctionIndex) -> bool {
        self.funclets
            .get(index.0 as usize)
            .copied()
            .unwrap_or(false)
    }

    /// The separated parts and funclets of a function, and of those in turn.
    pub fn pieces_of(&self, index: FunctionIndex) -> Vec<FunctionIndex> {
        pieces::of(self, index)
    }

    /// The separated parts of a function, itself aside.
    pub fn parts_of(&self, index: FunctionIndex) -> impl Iterator<Item = FunctionIndex> + '_ {
        let parts = self.function(index).parts.iter();
        parts.filter_map(|(rva, _)| self.function_at(*rva))
    }

    /// Whether code has no life of its own: it is a funclet or a separated part.
    pub fn belongs_to_another(&self, index: FunctionIndex) -> bool {
        self.is_funclet(index) || self.is_part(index)
    }

    /// Whether a function is a separated part of another one.
    pub fn is_part(&self, index: FunctionIndex) -> bool {
        self.parts.binary_search(&self.function(index).rva).is_ok()
    }

    /// The funclets that the handler data of a function leads to, ascending.
    pub fn funclets_of(&self, index: FunctionIndex) -> Vec<FunctionIndex> {
        funclets::of(self, index)
    }

    /// The kind of handler that code at this address is, where its data is understood: the
    /// code has the handler's name, or jumps to an import of that name.
    pub fn handler_at(&self, rva: Rva) -> Option<Handler> {
        let Place::Function(index, 0) = self.place(rva) else {
            return None;
        };
        let names = self.function(index).names.iter();
        let of_names = names.flat_map(|n| [Some(n.name.as_str()), n.linkage.as_deref()]);
        let by_name = of_names.flatten().find_map(Handler::named);
        let behind_jump = || {
            // An incremental link has a jump for each function, by which all others reach it.
            let [jump] = self.code_of(index).references.as_slice() else {
                return None;
            };
            let is_jump = self.bytes_of(index).first() == Some(&0xe9) && jump.at == 1;
            let Place::Function(target, 0) = self.place(jump.target) else {
                return None;
            };
            let names = self.function(target).names.iter();
            let names = names.flat_map(|n| [Some(n.name.as_str()), n.linkage.as_deref()]);
            is_jump.then(|| names.flatten().find_map(Handler::named))?
        };
        by_name.or_else(behind_jump).or_else(|| {
            let mut targets = self.code_of(index).references.iter().map(|r| r.target);
            targets.find_map(|target| match self.place(target) {
                Place::Import(i) => {
                    Handler::named(&self.image.imports[i as usize].name.to_string())
                }
                _ => None,
            })
        })
    }

    /// The bytes of a function as the file has them.
    pub fn bytes_of(&self, index: FunctionIndex) -> &'a [u8] {
        let f = self.function(index);
        self.image.slice(f.rva, f.size as usize).unwrap_or(&[])
    }

    /// Where the code of a function lies, its separated parts and funclets included, for its
    /// lines.
    pub fn code_ranges(&self, index: FunctionIndex) -> Vec<CodeRange> {
        let f = self.function(index);
        let mut ranges = vec![(f.rva, f.size)];
        let pieces = self.pieces_of(index).into_iter();
        ranges.extend(pieces.map(|p| (self.function(p).rva, self.function(p).size)));
        let of_names = f.names.iter().find_map(|n| n.module);
        let module = of_names.or_else(|| Some(self.symbols.contribution_at(f.rva)?.module));
        let range = |(rva, size): (Rva, u32)| {
            Some(CodeRange {
                module: module?,
                rva,
                size,
            })
        };
        ranges.into_iter().filter_map(range).collect()
    }

    /// The function that holds this address.
    pub fn function_at(&self, rva: Rva) -> Option<FunctionIndex> {
        let index = self.functions_until(rva).checked_sub(1)?;
        let found = &self.functions[index];
        (rva.0 - found.rva.0 < found.size).then_some(FunctionIndex(index as u32))
    }

    /// How many functions begin at an address or before it.
    fn functions_until(&self, rva: Rva) -> usize {
        let index = &self.functions_by_address;
        index.until(&self.functions, rva, |f| f.rva)
    }

    /// How many named data begin at an address or before it.
    fn data_until(&self, rva: Rva) -> usize {
        self.data_by_address.until(&self.data, rva, |d| d.rva)
    }

    /// The named datum that holds this address.
    pub fn datum_at(&self, rva: Rva) -> Option<DataIndex> {
        let index = self.data_until(rva).checked_sub(1)?;
        let found = &self.data[index];
        // What lies behind the end of its type, before the next symbol, is something else.
        let inside = rva == found.rva || rva.0 - found.rva.0 < found.content_size();
        inside.then_some(DataIndex(index as u32))
    }

    /// What lies at this address.
    pub fn place(&self, rva: Rva) -> Place {
        place::resolve(self, rva)
    }

    /// Whether the section at this address is writable.
    pub fn is_writable(&self, rva: Rva) -> bool {
        let section = self.image.section_at(rva);
        section.is_some_and(|s| s.kind() == SectionKind::Writable)
    }

    /// Bytes from a variable without a symbol to the next named datum, or the end of the
    /// contribution or section: never too small.
    pub fn unnamed_size(&self, rva: Rva) -> u32 {
        let next = self.data_until(rva);
        let mut end = self.image.section_at(rva).map_or(rva, |s| s.end());
        if let Some(datum) = self.data.get(next) {
            end = end.min(datum.rva);
        }
        if let Some(c) = self.symbols.contribution_at(rva) {
            end = end.min(Rva(c.rva.0.saturating_add(c.size)));
        }
        if let Some(code) = self.code_behind(rva) {
            end = end.min(code);
        }
        end.0.saturating_sub(rva.0)
    }

    /// Where the first function behind an address begins: hand-written exception handlers can
    /// lie among data.
    fn code_behind(&self, rva: Rva) -> Option<Rva> {
        let next = self.functions_until(rva);
        self.functions.get(next).map(|f| f.rva)
    }

    /// Bytes from an address without a symbol to where its object must have ended.
    /// Can be too large, never too small (see [`reach`]).
    pub fn anonymous_extent(&self, rva: Rva) -> u32 {
        let known = self.remembered.extent(rva);
        known.unwrap_or_else(|| {
            let extent = reach::anonymous_extent(self, rva);
            self.remembered.note_extent(rva, extent);
            extent
        })
    }

    /// The same, as far as it is worth comparing: without what may be padding.
    pub fn compared_extent(&self, rva: Rva) -> u32 {
        reach::compared_extent(self, rva)
    }

    /// Whether an address without a symbol is that of the description of a thrown type, in the
    /// C++ ABI of Microsoft: it leads to others by RVAs of its own image.
    pub fn describes_thrown(&self, rva: Rva) -> bool {
        descriptions::is_throw_info(self.image, rva)
    }

    /// The name of the type that the type descriptor at this address is of (`.?AUerror@@`), in
    /// the C++ ABI of Microsoft; `None` where there is none.
    pub fn described_type(&self, rva: Rva) -> Option<String> {
        descriptions::type_name(self.image, rva)
    }

    /// Every address of read-only data that code or data refers to, ascending, once each.
    pub fn anonymous_targets(&self) -> Vec<Rva> {
        self.referencers.targets()
    }

    /// All references into data, by what they lead to.
    pub fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    /// Addresses without a symbol that code or data refers to, in `[from, to)`.
    pub(crate) fn referencers(&self) -> &Referencers {
        &self.referencers
    }
}

/// A described table is taken as described.
fn switch_tables(symbols: &Symbols, code: &[Code]) -> Vec<SwitchTable> {
    let described = symbols.switch_tables.iter().copied();
    let mut tables: Vec<SwitchTable> = described.collect();
    tables.extend(code.iter().flat_map(|c| c.tables.iter().copied()));
    // Stable: the described one of two at one address stays first.
    tables.sort_by_key(|t| t.table);
    tables.dedup_by_key(|t| (t.table, t.branch));
    tables
}
