//! Language-specific handler data: what follows the handler's address in unwind
//! information, as the tables that it consists of and the [`Field`]s in them.
//!
//! | handler | data | source |
//! |---|---|---|
//! | `__C_specific_handler` | scope table | Microsoft, "x64 exception handling" |
//! | `__GSHandlerCheck` | GS data | `gs_support.c` of the Visual C++ runtime |
//! | `__GSHandlerCheck_SEH` | scope table, GS data | the same |
//! | `__CxxFrameHandler3` | RVA of a `FuncInfo` ([`fh3`]) | `ehdata.h` |
//! | `__CxxFrameHandler4` | RVA of a compressed `FuncInfo4` ([`fh4`]) | `ehdata4_export.h` |
//! | `__GSHandlerCheck_EH`, `_EH4` | either of the two, GS data | |
//! | `__gxx_personality_seh0`, Rust's `rust_eh_personality` | LSDA ([`lsda`]) | Itanium C++ ABI: Exception Handling, §"LSDA" |

mod fh3;
mod fh4;
mod guarded;
mod lsda;
mod reader;

use crate::addr::Rva;
use crate::image::Image;
pub use guarded::{Event, Guarded};
use reader::Reader;

/// Handler data of one function, or of several that share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandlerData {
    /// Its fields, in the order in which they are read.
    pub fields: Vec<Field>,
    /// The tables that it consists of; the first one follows the handler's address.
    pub blocks: Vec<Block>,
    /// Where the handler does anything.
    pub guarded: Guarded,
}

/// A contiguous table of handler data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its first byte.
    pub start: Rva,
    /// Its length in bytes.
    pub size: u32,
}

/// One element of handler data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it is. Of a number only that it is not before its table.
    pub at: Rva,
    /// What it holds.
    pub item: Item,
}

/// What a field of handler data holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A number that means the same wherever the code is.
    Number(u64),
    /// The RVA of a place; RVA 0 means that there is none.
    Place(Rva),
    /// A place as the distance from the field itself to it; RVA 0 means that there is none.
    Near(Rva),
    /// A place as an absolute 64-bit address, which the loader relocates; RVA 0 means that
    /// there is none.
    Absolute(Rva),
    /// The RVA of the end of a range of code: the first byte after it.
    End(Rva),
    /// The RVA from which on a state holds: the start of a funclet, or a place within code.
    From(Rva),
    /// The RVA of another table of the same data.
    Table(Rva),
}

impl HandlerData {
    /// What the fields hold, without where the tables lie.
    pub fn items(&self) -> impl Iterator<Item = Item> + '_ {
        let items = self.fields.iter().map(|f| f.item);
        items.filter(|i| !matches!(i, Item::Table(_)))
    }

    fn push(&mut self, at: Rva, item: Item) {
        self.fields.push(Field { at, item });
    }

    /// Notes the table that a reader has read from `start` on.
    fn table(&mut self, start: Rva, reader: &Reader<'_>) {
        self.blocks.push(Block {
            start,
            size: reader.at().0 - start.0,
        });
    }
}

/// A handler whose data is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    /// `__C_specific_handler`
    C,
    /// `__GSHandlerCheck`
    Gs,
    /// `__GSHandlerCheck_SEH`, also with a trailing `_noexcept`
    GsSeh,
    /// `__CxxFrameHandler3`
    Cxx3,
    /// `__CxxFrameHandler4`
    Cxx4,
    /// `__GSHandlerCheck_EH`
    GsCxx3,
    /// `__GSHandlerCheck_EH4`
    GsCxx4,
    /// `__gxx_personality_seh0`, `rust_eh_personality`
    Gxx,
}

impl Handler {
    /// The handler with this name.
    pub fn named(name: &str) -> Option<Handler> {
        // Rust's is in a module.
        Some(match name.rsplit("::").next()? {
            "__C_specific_handler" | "__C_specific_handler_noexcept" => Handler::C,
            "__GSHandlerCheck" => Handler::Gs,
            "__GSHandlerCheck_SEH" | "__GSHandlerCheck_SEH_noexcept" => Handler::GsSeh,
            "__CxxFrameHandler3" | "__CxxFrameHandler2" | "__CxxFrameHandler" => Handler::Cxx3,
            "__CxxFrameHandler4" => Handler::Cxx4,
            "__GSHandlerCheck_EH" => Handler::GsCxx3,
            "__GSHandlerCheck_EH4" => Handler::GsCxx4,
            "__gxx_personality_seh0" | "rust_eh_personality" => Handler::Gxx,
            _ => return None,
        })
    }

    /// Reads the data at `rva`; `None` where it is cut off or not of the form it should have.
    pub fn read(self, image: &Image<'_>, rva: Rva) -> Option<HandlerData> {
        let mut reader = Reader::new(image, rva)?;
        let mut data = HandlerData::default();
        // Known to be first; its length is not known yet.
        data.table(rva, &reader);
        let mut info = None;
        match self {
            Handler::C => scopes(&mut reader, &mut data)?,
            Handler::Gs => gs(&mut reader, &mut data)?,
            Handler::GsSeh => {
                scopes(&mut reader, &mut data)?;
                gs(&mut reader, &mut data)?;
            }
            Handler::Cxx3 | Handler::GsCxx3 | Handler::Cxx4 | Handler::GsCxx4 => {
                info = Some(reader.table(&mut data)?);
            }
            Handler::Gxx => lsda::read(image, &mut reader, &mut data)?,
        }
        match (self, info) {
            (Handler::Cxx3 | Handler::GsCxx3, Some(info)) => fh3::read(image, info, &mut data)?,
            (_, Some(info)) => fh4::read(image, info, &mut data)?,
            _ => {}
        }
        if matches!(self, Handler::GsCxx3 | Handler::GsCxx4) {
            gs(&mut reader, &mut data)?;
        }
        data.blocks[0].size = reader.at().0 - rva.0;
        data.guarded.handler = Some(self);
        Some(data)
    }
}

/// More entries than any compiler writes into one table.
const MAX_ENTRIES: u32 = 1 << 16;

/// `SCOPE_TABLE_AMD64`: a count, then begin, end, handler and target of each scope.
fn scopes(reader: &mut Reader<'_>, data: &mut HandlerData) -> Option<()> {
    let count = reader.u32().filter(|c| *c <= MAX_ENTRIES)?;
    data.push(reader.at(), Item::Number(count.into()));
    for _ in 0..count {
        let begin = reader.place(data)?;
        let end = reader.rva(data, Item::End)?;
        data.guarded.scopes.push((begin, end));
        // 1 is EXCEPTION_EXECUTE_HANDLER, a constant and no address.
        reader.rva(data, |handler| match handler.0 {
            0 | 1 => Item::Number(handler.0.into()),
            _ => Item::Place(handler),
        })?;
        reader.place(data)?;
    }
    Some(())
}

/// GS data: the cookie's place and flags; with `HasAlignment` two more words.
fn gs(reader: &mut Reader<'_>, data: &mut HandlerData) -> Option<()> {
    const HAS_ALIGNMENT: u32 = 4;
    let flags = reader.number(data)?;
    if flags & HAS_ALIGNMENT != 0 {
        reader.number(data)?;
        reader.number(data)?;
    }
    Some(())
}
