//! The TLS directory (PE/COFF, "The .tls Section").

use super::{Directory, Image, ImageError, read};
use crate::addr::{Rva, Va};

/// What the loader gives each thread, and what it calls for each thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsDirectory {
    /// Where the directory itself is.
    pub place: Rva,
    /// Start of the template that each thread's block is copied from.
    pub template: Rva,
    /// Bytes of the template in the file.
    pub template_size: u32,
    /// Zero bytes that follow the template in each block.
    pub zero_fill: u32,
    /// Where the loader writes the module's TLS index (`_tls_index`).
    pub index: Rva,
    /// Functions that the loader calls at thread start and end.
    pub callbacks: Vec<Rva>,
}

impl TlsDirectory {
    /// Whether an address lies in the template.
    pub fn holds(&self, rva: Rva) -> bool {
        rva >= self.template && rva.0 - self.template.0 < self.template_size
    }
}

const MAX_CALLBACKS: u32 = 1 << 12;

/// Reads `IMAGE_TLS_DIRECTORY64`, whose addresses are absolute.
pub fn parse(image: &Image<'_>, directory: Directory) -> Result<TlsDirectory, ImageError> {
    let bad = |reason: &str| ImageError::Malformed {
        table: "TLS directory",
        rva: directory.rva,
        reason: reason.into(),
    };
    let bytes = image
        .slice(directory.rva, 40)
        .ok_or_else(|| bad("cut off"))?;
    let va = |offset| Va(read::u64(bytes, offset).unwrap_or(0));
    let rva = |offset| va(offset).rva(image.image_base);
    let start = rva(0).ok_or_else(|| bad("start of the template is outside the image"))?;
    let end = rva(8).ok_or_else(|| bad("end of the template is outside the image"))?;
    let mut callbacks = Vec::new();
    if let Some(table) = rva(24).filter(|_| va(24).0 != 0) {
        for index in 0..MAX_CALLBACKS {
            let slot = table.checked_add(index * 8);
            let entry = slot
                .and_then(|s| image.loaded_bytes(s, 8))
                .and_then(|b| read::u64(&b, 0))
                .ok_or_else(|| bad("list of callbacks has no end"))?;
            if entry == 0 {
                break;
            }
            let callback = Va(entry).rva(image.image_base);
            callbacks.push(callback.ok_or_else(|| bad("callback outside the image"))?);
        }
    }
    Ok(TlsDirectory {
        place: directory.rva,
        template: start,
        template_size: end
            .0
            .checked_sub(start.0)
            .ok_or_else(|| bad("template ends before it starts"))?,
        zero_fill: read::u32(bytes, 32).unwrap_or(0),
        index: rva(16).ok_or_else(|| bad("index is outside the image"))?,
        callbacks,
    })
}
