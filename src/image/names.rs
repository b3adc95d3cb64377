//! The texts of an image's tables, each read where a table says, all together no longer than
//! the file: tables that share one long text cost no more than its file does.

use std::cell::Cell;

use super::{Image, read};
use crate::addr::Rva;

/// Reads texts.
pub(super) struct Names<'i, 'a> {
    image: &'i Image<'a>,
    left: Cell<usize>,
}

impl<'i, 'a> Names<'i, 'a> {
    /// For the tables of one kind.
    pub(super) fn of(image: &'i Image<'a>) -> Self {
        Names {
            image,
            left: Cell::new(image.bytes.len()),
        }
    }

    /// The text at an address, lossily; `None` where it has no end there, and where the texts
    /// are longer than the file.
    pub(super) fn at(&self, rva: Rva) -> Option<String> {
        let bytes = self.image.rest_of_section(rva)?;
        let length = bytes.iter().take(self.left.get()).position(|b| *b == 0)?;
        self.left.set(self.left.get() - length);
        read::c_string(bytes, 0)
    }
}
