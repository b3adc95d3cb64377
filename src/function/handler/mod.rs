//! Language-specific handler data: what follows the handler's address in unwind
//! information, as a list of [`Item`]s that does not depend on layout.
//!
//! | handler | data | source |
//! |---|---|---|
//! | `__C_specific_handler` | scope table | Microsoft, "x64 exception handling" |
//! | `__GSHandlerCheck` | GS data | `gs_support.c` of the Visual C++ runtime |
//! | `__GSHandlerCheck_SEH` | scope table, GS data | the same |
//! | `__CxxFrameHandler3` | RVA of a `FuncInfo` ([`fh3`]) | `ehdata.h` |
//! | `__CxxFrameHandler4` | RVA of a compressed `FuncInfo4` ([`fh4`]) | `ehdata4_export.h` |
//! | `__GSHandlerCheck_EH`, `_EH4` | either of the two, GS data | |
//! | `__gxx_personality_seh0` | LSDA ([`lsda`]) | Itanium C++ ABI: Exception Handling, §"LSDA" |

mod fh3;
mod fh4;
mod lsda;
mod reader;

use crate::addr::Rva;
use crate::image::Image;
use reader::Reader;

/// One element of handler data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A number that means the same wherever the code is.
    Number(u64),
    /// A place; RVA 0 means that there is none.
    Place(Rva),
    /// The end of a range of code: the first byte after it.
    End(Rva),
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
    /// `__gxx_personality_seh0`
    Gxx,
}

impl Handler {
    /// The handler with this name.
    pub fn named(name: &str) -> Option<Handler> {
        Some(match name {
            "__C_specific_handler" | "__C_specific_handler_noexcept" => Handler::C,
            "__GSHandlerCheck" => Handler::Gs,
            "__GSHandlerCheck_SEH" | "__GSHandlerCheck_SEH_noexcept" => Handler::GsSeh,
            "__CxxFrameHandler3" | "__CxxFrameHandler2" | "__CxxFrameHandler" => Handler::Cxx3,
            "__CxxFrameHandler4" => Handler::Cxx4,
            "__GSHandlerCheck_EH" => Handler::GsCxx3,
            "__GSHandlerCheck_EH4" => Handler::GsCxx4,
            "__gxx_personality_seh0" => Handler::Gxx,
            _ => return None,
        })
    }

    /// Reads the data at `rva`; `None` where it is cut off or not of the form it should have.
    pub fn items(self, image: &Image<'_>, rva: Rva) -> Option<Vec<Item>> {
        let mut data = Reader::new(image, rva)?;
        let mut items = Vec::new();
        match self {
            Handler::C => scopes(&mut data, &mut items)?,
            Handler::Gs => gs(&mut data, &mut items)?,
            Handler::GsSeh => {
                scopes(&mut data, &mut items)?;
                gs(&mut data, &mut items)?;
            }
            Handler::Cxx3 | Handler::GsCxx3 => {
                fh3::read(image, Rva(data.u32()?), &mut items)?;
            }
            Handler::Cxx4 | Handler::GsCxx4 => {
                fh4::read(image, Rva(data.u32()?), &mut items)?;
            }
            Handler::Gxx => lsda::read(&mut data, &mut items)?,
        }
        if matches!(self, Handler::GsCxx3 | Handler::GsCxx4) {
            gs(&mut data, &mut items)?;
        }
        Some(items)
    }
}

/// More entries than any compiler writes into one table.
const MAX_ENTRIES: u32 = 1 << 16;

/// `SCOPE_TABLE_AMD64`: a count, then begin, end, handler and target of each scope.
fn scopes(data: &mut Reader<'_>, items: &mut Vec<Item>) -> Option<()> {
    let count = data.u32().filter(|c| *c <= MAX_ENTRIES)?;
    items.push(Item::Number(count.into()));
    for _ in 0..count {
        items.push(Item::Place(Rva(data.u32()?)));
        items.push(Item::End(Rva(data.u32()?)));
        let handler = data.u32()?;
        // 1 is EXCEPTION_EXECUTE_HANDLER, a constant and no address.
        items.push(match handler {
            0 | 1 => Item::Number(handler.into()),
            rva => Item::Place(Rva(rva)),
        });
        items.push(Item::Place(Rva(data.u32()?)));
    }
    Some(())
}

/// GS data: the cookie's place and flags; with `HasAlignment` two more words.
fn gs(data: &mut Reader<'_>, items: &mut Vec<Item>) -> Option<()> {
    const HAS_ALIGNMENT: u32 = 4;
    let flags = data.u32()?;
    items.push(Item::Number(flags.into()));
    if flags & HAS_ALIGNMENT != 0 {
        items.push(Item::Number(data.u32()?.into()));
        items.push(Item::Number(data.u32()?.into()));
    }
    Some(())
}
