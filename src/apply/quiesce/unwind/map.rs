//! All code of a process that is known: its modules, and the payloads of its patches.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{Entry, Lookup, Memory};
use crate::addr::Va;
use crate::apply::loaded;
use crate::apply::record::Record;
use crate::apply::target::{Target, TargetError};

const PAGE: u64 = 0x1000;

/// What is read at once: an operation costs about the same for one page as for many.
const BLOCK: u64 = 16 * PAGE;

/// Length of an entry of an unwind table in bytes.
const ENTRY: usize = 12;

/// Code of one module or payload.
#[derive(Debug)]
struct Code {
    start: u64,
    end: u64,
    base: u64,
    /// Begin, end and unwind information of each function, by ascending begin.
    table: Vec<[u32; 3]>,
}

/// The code of a process, read before it is frozen. Pages of code and unwind information
/// are read when they are first needed and kept, for they don't change.
#[derive(Debug)]
pub struct CodeMap<'a, T: Target + ?Sized> {
    target: &'a T,
    codes: Vec<Code>,
    pages: RefCell<HashMap<u64, Option<Box<[u8]>>>>,
}

impl<'a, T: Target + ?Sized> CodeMap<'a, T> {
    /// Reads the unwind tables of all modules and of these patches.
    ///
    /// # Errors
    /// Where the modules can't be listed.
    pub fn of(target: &'a T, patches: &[&Record]) -> Result<Self, TargetError> {
        let mut codes = Vec::new();
        for module in target.modules()? {
            // A module that is just being unloaded is none.
            let Ok(Some((at, size))) = loaded::unwind_table(target, &module) else {
                continue;
            };
            let Ok(bytes) = target.read_vec(at, size as usize) else {
                continue;
            };
            codes.push(Code {
                start: module.base.0,
                end: module.base.0 + u64::from(module.size),
                base: module.base.0,
                table: table(&bytes),
            });
        }
        for record in patches {
            let bytes = match record.body.function_table {
                Some(t) => target.read_vec(t.at, t.entries as usize * ENTRY)?,
                None => Vec::new(),
            };
            codes.push(Code {
                start: record.at.0,
                end: record.end().0,
                base: record.at.0,
                table: table(&bytes),
            });
        }
        codes.sort_by_key(|c| c.start);
        Ok(CodeMap {
            target,
            codes,
            pages: RefCell::default(),
        })
    }

    /// Reads the page, and its neighbours if they can be read with it.
    fn load(&self, page: u64) {
        let mut pages = self.pages.borrow_mut();
        if pages.contains_key(&page) {
            return;
        }
        let block = page & !(BLOCK - 1);
        if let Ok(bytes) = self.target.read_vec(Va(block), BLOCK as usize) {
            for (at, bytes) in (block..)
                .step_by(PAGE as usize)
                .zip(bytes.chunks(PAGE as usize))
            {
                pages.entry(at).or_insert_with(|| Some(bytes.into()));
            }
            return;
        }
        let bytes = self.target.read_vec(Va(page), PAGE as usize).ok();
        pages.insert(page, bytes.map(Vec::into_boxed_slice));
    }

    fn code(&self, address: u64) -> Option<&Code> {
        let after = self.codes.partition_point(|c| c.start <= address);
        let code = &self.codes[after.checked_sub(1)?];
        (address < code.end).then_some(code)
    }
}

impl<T: Target + ?Sized> Memory for CodeMap<'_, T> {
    fn read(&self, at: u64, buffer: &mut [u8]) -> Option<()> {
        let mut at = at;
        let mut rest = buffer;
        while !rest.is_empty() {
            // Anything else changes while the process runs.
            self.code(at)?;
            let page = at & !(PAGE - 1);
            self.load(page);
            let pages = self.pages.borrow();
            let bytes = &pages.get(&page)?.as_deref()?[(at - page) as usize..];
            let (now, later) = rest.split_at_mut(bytes.len().min(rest.len()));
            now.copy_from_slice(&bytes[..now.len()]);
            at = at.checked_add(now.len() as u64)?;
            rest = later;
        }
        Some(())
    }

    fn entry(&self, address: u64) -> Lookup {
        let Some(code) = self.code(address) else {
            return Lookup::NoCode;
        };
        let rva = (address - code.base) as u32;
        let after = code.table.partition_point(|e| e[0] <= rva);
        let found = after.checked_sub(1).map(|i| code.table[i]);
        match found {
            Some([begin, end, info]) if rva < end => {
                let at = |rva: u32| code.base + u64::from(rva);
                // An odd address is that of another entry: a rare form of sharing.
                let info = match info & 1 {
                    0 => at(info),
                    _ => return Lookup::NoCode,
                };
                Lookup::Function(Entry {
                    base: code.base,
                    begin: at(begin),
                    end: at(end),
                    info,
                })
            }
            _ => Lookup::Leaf,
        }
    }
}

fn table(bytes: &[u8]) -> Vec<[u32; 3]> {
    let (entries, _) = bytes.as_chunks::<ENTRY>();
    let word = |e: &[u8; ENTRY], i: usize| u32::from_le_bytes([e[i], e[i + 1], e[i + 2], e[i + 3]]);
    let mut table: Vec<[u32; 3]> = entries
        .iter()
        .map(|e| [word(e, 0), word(e, 4), word(e, 8)])
        .filter(|e| e[0] != 0)
        .collect();
    table.sort_unstable();
    table
}
