//! Whether two pieces of code have the same unwind information.

use super::same::Comparer;
use crate::addr::Rva;
use crate::function::{Place, Program};
use crate::image::RuntimeFunction;

/// The name of the handler whose data is a list of four RVAs per scope.
const C_SPECIFIC_HANDLER: &str = "__C_specific_handler";

impl Comparer<'_> {
    /// Compares the entries of the function tables within two ranges of code.
    pub(super) fn same_unwind(&self, old: (Rva, u32), new: (Rva, u32)) -> bool {
        let (a, b) = (entries(self.old, old), entries(self.new, new));
        a.len() == b.len()
            && a.iter().zip(b).all(|(e, f)| {
                let shape = |e: &RuntimeFunction, base: Rva| {
                    (e.begin.0 as i64 - base.0 as i64, e.end.0 - e.begin.0)
                };
                shape(e, old.0) == shape(f, new.0) && self.same_info(e, f)
            })
    }

    fn same_info(&self, old: &RuntimeFunction, new: &RuntimeFunction) -> bool {
        let infos = (
            self.old.image.unwind_info(old.info),
            self.new.image.unwind_info(new.info),
        );
        let (Ok(a), Ok(b)) = infos else {
            return false;
        };
        if (a.version, a.prologue, a.frame, a.handler_flags, &a.codes)
            != (b.version, b.prologue, b.frame, b.handler_flags, &b.codes)
        {
            return false;
        }
        let chained = match (a.chained, b.chained) {
            (None, None) => true,
            (Some(c), Some(d)) => self.same_place(c.begin, d.begin, None),
            _ => false,
        };
        let handlers = match (a.handler, b.handler) {
            (None, None) => true,
            (Some((h, data)), Some((i, other))) => {
                self.same_place(h, i, None) && self.same_handler_data(h, data, other)
            }
            _ => false,
        };
        chained && handlers
    }

    fn same_handler_data(&self, handler: Rva, old: Rva, new: Rva) -> bool {
        if is_named(self.old, handler, C_SPECIFIC_HANDLER) {
            return self.same_scopes(old, new).unwrap_or(false);
        }
        // The form of the data is not known: everything up to the next unwind information
        // counts, as it is. Addresses in it make the function count as changed.
        let sizes = (data_extent(self.old, old), data_extent(self.new, new));
        sizes.0 == sizes.1 && self.same_bytes(old, new, sizes.0)
    }

    /// `SCOPE_TABLE_AMD64`: a count, then begin, end, handler and target of each scope.
    fn same_scopes(&self, old: Rva, new: Rva) -> Option<bool> {
        let count = word(self.old, old)?;
        if word(self.new, new)? != count {
            return Some(false);
        }
        for i in 0..count.checked_mul(4)? {
            let step = i.checked_add(1)?.checked_mul(4)?;
            let a = word(self.old, old.checked_add(step)?)?;
            let b = word(self.new, new.checked_add(step)?)?;
            // 0 and 1 are constants (no filter, EXCEPTION_EXECUTE_HANDLER), not addresses.
            let same = if a <= 1 || b <= 1 {
                a == b
            } else {
                self.same_code_place(Rva(a), Rva(b))
            };
            if !same {
                return Some(false);
            }
        }
        Some(true)
    }

    /// The end of a scope can be the first byte after its function.
    fn same_code_place(&self, old: Rva, new: Rva) -> bool {
        let before = |rva: Rva| rva.checked_offset(-1).unwrap_or(rva);
        self.same_place(old, new, None) || self.same_place(before(old), before(new), None)
    }
}

/// The entries that begin within a range of code.
fn entries<'p>(program: &Program<'p>, (rva, size): (Rva, u32)) -> &'p [RuntimeFunction] {
    let table = &program.image.runtime_functions;
    let from = table.partition_point(|f| f.begin < rva);
    let to = table.partition_point(|f| f.begin.0 < rva.0.saturating_add(size));
    &table[from..to.max(from)]
}

/// Whether code at this address has the name, or jumps to an import of that name.
pub fn is_named(program: &Program<'_>, rva: Rva, name: &str) -> bool {
    let Place::Function(index, 0) = program.place(rva) else {
        return false;
    };
    let by_name = program
        .function(index)
        .names
        .iter()
        .any(|n| n.name == name || n.linkage.as_deref() == Some(name));
    by_name
        || program.code_of(index).references.iter().any(|r| {
            matches!(program.place(r.target), Place::Import(i)
                if program.image.imports[i as usize].name.to_string() == name)
        })
}

/// Bytes from handler data to the next unwind information, or the end of the contribution.
fn data_extent(program: &Program<'_>, rva: Rva) -> u32 {
    let next = program
        .image
        .runtime_functions
        .iter()
        .map(|f| f.info)
        .filter(|info| *info > rva)
        .min();
    let end = next.map_or(u32::MAX, |r| r.0);
    let contribution = program.symbols.contribution_at(rva);
    let limit = contribution.map_or(u32::MAX, |c| c.rva.0.saturating_add(c.size));
    let section = program.image.section_at(rva).map_or(rva.0, |s| s.end().0);
    end.min(limit).min(section).saturating_sub(rva.0)
}

fn word(program: &Program<'_>, rva: Rva) -> Option<u32> {
    let bytes = program.image.slice(rva, 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}
