//! Functions of a linked payload in which an exception can be caught (Microsoft, "x64 exception
//! handling", `UNWIND_INFO`).

use super::{Linked, Pages, RUNTIME_FUNCTION};
use crate::addr::Va;

/// `UNW_FLAG_EHANDLER`, `UNW_FLAG_UHANDLER`.
const HANDLERS: u8 = 1 | 2;

/// The jump to the handler that looks at the stack cookie and lets every exception pass.
const ONLY_LOOKS: &str = "to$__GSHandlerCheck";

impl Linked {
    /// Whether a thread may go on in the payload at another place than it came from: behind a
    /// `catch` or in an `__except` block. What can't be read counts.
    pub fn catches(&self, payload: Va) -> bool {
        let Some((table, entries)) = self.function_table else {
            return false;
        };
        let looks = self.symbols.get(ONLY_LOOKS).copied();
        (0..entries as usize).any(|index| {
            let handler = bytes(
                &self.pages,
                Va(table.0 + (index * RUNTIME_FUNCTION) as u64 + 8),
                4,
            )
            .map(|info| Va(payload.0 + u64::from(word(info))))
            .and_then(|info| handler(&self.pages, info, payload));
            match handler {
                None => true,
                Some(Handler::None) => false,
                Some(Handler::At(at)) => Some(at) != looks,
            }
        })
    }
}

/// What unwind information says of a handler.
enum Handler {
    None,
    At(Va),
}

fn handler(pages: &[Pages], info: Va, payload: Va) -> Option<Handler> {
    let head = bytes(pages, info, 4)?;
    if head[0] >> 3 & HANDLERS == 0 {
        return Some(Handler::None);
    }
    // The codes are padded to an even number.
    let codes = (u64::from(head[2]) + 1) & !1;
    let field = bytes(pages, Va(info.0 + 4 + 2 * codes), 4)?;
    Some(Handler::At(Va(payload.0 + u64::from(word(field)))))
}

fn word(field: &[u8]) -> u32 {
    field.try_into().map_or(0, u32::from_le_bytes)
}

fn bytes(pages: &[Pages], at: Va, len: usize) -> Option<&[u8]> {
    let page = pages
        .iter()
        .find(|p| at >= p.at && at.0 - p.at.0 < p.bytes.len() as u64)?;
    let from = (at.0 - page.at.0) as usize;
    page.bytes.get(from..from.checked_add(len)?)
}

#[cfg(test)]
mod tests {
    use object::write::SymbolSection;
    use object::{SectionKind, pe};

    use super::super::tests::{BASES, Builder};
    use super::*;
    use crate::payload::names::CALL_SYMBOL;

    /// A function with these flags and this handler.
    fn linked(flags: u8, codes: u8, handler: &str) -> Linked {
        let mut b = Builder::new();
        let text = b.section(".text", SectionKind::Text, &[0xc3; 32]);
        let f = b.symbol("f", SymbolSection::Section(text), 0);
        b.symbol(CALL_SYMBOL, SymbolSection::Section(text), 8);
        let handler = b.symbol(handler, SymbolSection::Section(text), 16);
        let mut info = vec![1 | flags << 3, 0, codes, 0];
        info.resize(4 + usize::from(codes.next_multiple_of(2)) * 2, 0x42);
        info.extend([0; 4]);
        let field = info.len() as u64 - 4;
        let xdata = b.section(".xdata", SectionKind::ReadOnlyData, &info);
        let x = b.symbol("x", SymbolSection::Section(xdata), 0);
        let pdata = b.section(".pdata", SectionKind::ReadOnlyData, &[0; 12]);
        for (section, offset, to) in [(pdata, 0, f), (pdata, 4, f), (pdata, 8, x)] {
            b.fixup(section, offset, to, pe::IMAGE_REL_AMD64_ADDR32NB);
        }
        if flags & HANDLERS != 0 {
            b.fixup(xdata, field, handler, pe::IMAGE_REL_AMD64_ADDR32NB);
        }
        b.link(&[]).unwrap()
    }

    #[test]
    fn handlers_catch_but_for_the_one_that_looks_at_the_cookie() {
        let catches = |flags, codes, name| linked(flags, codes, name).catches(BASES.payload);
        for codes in [0, 1, 4] {
            assert!(catches(1, codes, "to$__C_specific_handler"));
            assert!(catches(2, codes, "to$__CxxFrameHandler4"));
            assert!(catches(3, codes, "to$__GSHandlerCheck_EH4"));
            assert!(!catches(3, codes, "to$__GSHandlerCheck"));
            assert!(!catches(0, codes, "to$__C_specific_handler"));
        }
    }

    #[test]
    fn what_can_t_be_read_counts() {
        let mut linked = linked(0, 0, "h");
        assert!(!linked.catches(BASES.payload));
        assert!(linked.catches(Va(0)));
        linked.function_table = None;
        assert!(!linked.catches(Va(0)));
    }
}
