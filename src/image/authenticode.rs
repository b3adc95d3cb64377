//! The Authenticode digest of a PE file: the same before and after the file is signed.
//!
//! The digest leaves out what signing writes: `CheckSum`, the certificate entry of the
//! data directory, and the certificate table at the end of the file. Signing tools pad
//! the file with zeros to a multiple of eight bytes before they append the table; the
//! padding is counted here in a file that is not signed yet, so that both digests agree.
//!
//! Every other byte is hashed in file order. For an image whose sections lie in the file
//! in order and without gaps (all linkers write that) this is the digest that Windows
//! computes, in the SHA-256 flavour.

use sha2::{Digest, Sha256};

/// Why a file has no Authenticode digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticodeError {
    /// It is no PE file.
    #[error("not a PE file: {0}")]
    NotPe(&'static str),
    /// Its certificate table is not where one can be.
    #[error(
        "certificate table at file offset {offset:#x}, size {size:#x}, \
         is outside the file of {len:#x} bytes"
    )]
    Certificates {
        /// File offset that the data directory gives, in bytes.
        offset: u32,
        /// Size that the data directory gives, in bytes.
        size: u32,
        /// Length of the file in bytes.
        len: usize,
    },
}

/// SHA-256 of a PE file without its checksum and certificates.
///
/// # Errors
/// Where the bytes are no PE file, or its certificate table is not inside it.
pub fn sha256(file: &[u8]) -> Result<[u8; 32], AuthenticodeError> {
    let fields = Fields::locate(file)?;
    let mut hash = Sha256::new();
    hash.update(&file[..fields.checksum]);
    let rest = fields.checksum + 4;
    let Some(entry) = fields.certificate_entry else {
        hash.update(&file[rest..]);
        return Ok(finish(hash, file.len()));
    };
    hash.update(&file[rest..entry]);
    let rest = entry + 8;
    let (offset, size) = (read_u32(file, entry)?, read_u32(file, entry + 4)?);
    if size == 0 {
        hash.update(&file[rest..]);
        return Ok(finish(hash, file.len()));
    }
    let bad = AuthenticodeError::Certificates {
        offset,
        size,
        len: file.len(),
    };
    let start = offset as usize;
    let end = start.checked_add(size as usize).ok_or(bad)?;
    if start < rest || end > file.len() {
        return Err(bad);
    }
    hash.update(&file[rest..start]);
    hash.update(&file[end..]);
    Ok(finish(hash, start + file.len() - end))
}

/// Where the fields are that signing changes, as file offsets.
struct Fields {
    checksum: usize,
    /// `None` where the data directory has fewer than five entries.
    certificate_entry: Option<usize>,
}

impl Fields {
    fn locate(file: &[u8]) -> Result<Self, AuthenticodeError> {
        if file.get(..2) != Some(b"MZ") {
            return Err(AuthenticodeError::NotPe("no MZ signature"));
        }
        let pe = read_u32(file, 0x3c)? as usize;
        if file.get(pe..pe.saturating_add(4)) != Some(b"PE\0\0") {
            return Err(AuthenticodeError::NotPe("no PE signature"));
        }
        let optional = pe + 24;
        let directories = match read_u32(file, optional)? & 0xffff {
            0x10b => optional + 92,
            0x20b => optional + 108,
            _ => return Err(AuthenticodeError::NotPe("unknown optional header")),
        };
        let checksum = optional + 64;
        read_u32(file, checksum)?;
        let entry = directories + 4 + 4 * 8;
        let certificate_entry = if read_u32(file, directories)? > 4 {
            read_u32(file, entry + 4)?;
            Some(entry)
        } else {
            None
        };
        Ok(Fields {
            checksum,
            certificate_entry,
        })
    }
}

fn read_u32(file: &[u8], at: usize) -> Result<u32, AuthenticodeError> {
    file.get(at..)
        .and_then(|rest| rest.first_chunk())
        .map(|bytes| u32::from_le_bytes(*bytes))
        .ok_or(AuthenticodeError::NotPe("truncated header"))
}

/// Adds the padding that signing would add to `len` hashed bytes. The two omitted fields
/// are twelve bytes of the file that were not hashed; they don't matter for alignment,
/// which is about the length of the file.
fn finish(mut hash: Sha256, len: usize) -> [u8; 32] {
    hash.update(&[0u8; 8][..len.wrapping_neg() % 8]);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PE32+ file of `len` bytes with no sections.
    fn file(len: usize) -> Vec<u8> {
        let mut f: Vec<u8> = (0..len).map(|i| i as u8).collect();
        f[..2].copy_from_slice(b"MZ");
        f[0x3c..0x40].copy_from_slice(&0x40u32.to_le_bytes());
        f[0x40..0x44].copy_from_slice(b"PE\0\0");
        f[0x58..0x5a].copy_from_slice(&0x20bu16.to_le_bytes());
        f[0x98..0x9c].fill(0);
        f[0x58 + 108..0x58 + 112].copy_from_slice(&16u32.to_le_bytes());
        f[ENTRY..ENTRY + 8].fill(0);
        f
    }
    const ENTRY: usize = 0x58 + 112 + 32;

    fn sign(mut f: Vec<u8>, certificate: &[u8]) -> Vec<u8> {
        f.resize(f.len().next_multiple_of(8), 0);
        let at = f.len() as u32;
        f[0x98..0x9c].copy_from_slice(&0xdead_beefu32.to_le_bytes());
        f[ENTRY..ENTRY + 4].copy_from_slice(&at.to_le_bytes());
        f[ENTRY + 4..ENTRY + 8].copy_from_slice(&(certificate.len() as u32).to_le_bytes());
        f.extend_from_slice(certificate);
        f
    }

    #[test]
    fn signing_does_not_change_the_digest() {
        for len in 0x200..0x210 {
            let plain = sha256(&file(len)).unwrap();
            assert_eq!(sha256(&sign(file(len), &[7; 24])).unwrap(), plain, "{len}");
        }
    }

    #[test]
    fn every_other_byte_counts() {
        let base = file(0x200);
        let digest = sha256(&base).unwrap();
        let headers = [0usize, 1, 0x3c, 0x3d, 0x3e, 0x3f, 0x58, 0x59];
        for at in 0..base.len() {
            let omitted = (0x98..0x9c).contains(&at) || (ENTRY..ENTRY + 8).contains(&at);
            let structural = headers.contains(&at) || (0x40..0x44).contains(&at);
            if structural || omitted || (0x58 + 108..0x58 + 112).contains(&at) {
                continue;
            }
            let mut changed = base.clone();
            changed[at] ^= 1;
            assert_ne!(sha256(&changed).unwrap(), digest, "byte {at:#x}");
        }
    }

    #[test]
    fn damaged_files_are_errors_and_no_panic() {
        let good = sign(file(0x200), &[7; 24]);
        for len in 0..good.len() {
            let _ = sha256(&good[..len]);
        }
        let mut bad = good.clone();
        bad[ENTRY + 4..ENTRY + 8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(
            sha256(&bad),
            Err(AuthenticodeError::Certificates { .. })
        ));
        bad[0x3c..0x40].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(sha256(&bad), Err(AuthenticodeError::NotPe(_))));
        assert_eq!(
            sha256(b"ELF"),
            Err(AuthenticodeError::NotPe("no MZ signature"))
        );
    }
}
