//! The file format of a package (`.hpk`), version 2.
//!
//! One flat file: header, content, signature block. Numbers are unsigned and little endian,
//! sizes are in bytes, nothing is aligned, and nothing follows the signature block.
//!
//! # Header: 24 bytes
//!
//! | offset | size | field | allowed |
//! |---|---|---|---|
//! | 0 | 8 | magic: `89 48 50 4b 0d 0a 1a 0a` (`\x89HPK\r\n\x1a\n`) | exactly this |
//! | 8 | 4 | version of the container | [`VERSION`] |
//! | 12 | 4 | size *m* of the manifest | 1 to [`MAX_MANIFEST`] |
//! | 16 | 4 | size *p* of the payload | 1 to [`MAX_PAYLOAD`] |
//! | 20 | 4 | size *c* of the content, compressed | 1 to [`MAX_CONTENT`] |
//!
//! The magic is made like PNG's: a transfer that changes line ends or cuts off the
//! eighth bit destroys it.
//!
//! # Content
//!
//! The *c* bytes from offset 24 are one stream of raw LZMA (see [`content`]), and nothing else.
//! It unpacks to exactly *m* + *p* bytes:
//!
//! | size | what |
//! |---|---|
//! | *m* | manifest: TOML in UTF-8, see [`super::manifest`] |
//! | *p* | payload: a COFF object, see [`crate::payload`] |
//!
//! # Signature block
//!
//! | offset from 24 + *c* | size | field | allowed |
//! |---|---|---|---|
//! | 0 | 4 | number *n* of signatures | 1 to [`MAX_SIGNATURES`] |
//! | 4 + 96 *i* | 32 | public key of signature *i* (RFC 8032) | ascending, none twice |
//! | 36 + 96 *i* | 64 | Ed25519 signature *i* of the message (RFC 8032) | must be valid |
//!
//! The block's size is 4 + 96 *n*, and it ends where the file ends. A key that is
//! named here is not thereby trusted: it lets everybody check that the block is whole,
//! and names the signer (a [`KeyId`](super::KeyId) is its hash). Trust comes from outside.
//!
//! # What is signed
//!
//! Every signature is one of the same [`message`]: a text of three lines
//!
//! ```text
//! hotpatch package
//! version 2
//! sha512 <SHA-512 of every byte before the signature block, as lower-case hex>
//! ```
//!
//! each ended by one line feed (0x0a). The first line keeps a signature made for anything
//! else from passing for one of a package, the second one made for another version of this
//! format. The message has 163 bytes whatever the package's size, so that a key in a
//! hardware module or a signing service (these limit the size of messages, some to 4 KiB)
//! can sign it; and anybody can make it with `head -c` and `sha512sum`.
//!
//! What is signed is the file as it is: `apply` and `verify` unpack nothing of which the signatures
//! have not been checked. So every byte of the file is covered: the header and the content by the signatures, the
//! signature block by having exactly one valid form for given signatures, each of which
//! has to be valid, trusted or not.

mod content;

use sha2::{Digest, Sha512};

use super::keys::{PUBLIC_KEY_LEN, PublicKey, SIGNATURE_LEN};

pub use content::Content;

/// First bytes of every package.
pub const MAGIC: [u8; 8] = *b"\x89HPK\r\n\x1a\n";
/// Version of the container that this build reads and writes.
pub const VERSION: u32 = 2;
/// Length of the header in bytes.
pub const HEADER_LEN: usize = 24;
/// Largest manifest in bytes.
pub const MAX_MANIFEST: usize = 16 << 20;
/// Largest payload in bytes.
pub const MAX_PAYLOAD: usize = 256 << 20;
/// Largest content in bytes, as it is compressed: what can't be compressed gets a little larger.
pub const MAX_CONTENT: usize = (MAX_MANIFEST + MAX_PAYLOAD) / 16 * 17;
/// Most signatures that a package can have.
pub const MAX_SIGNATURES: usize = 16;
/// Largest package in bytes: a file that is larger need not be read.
pub const MAX_FILE: usize = HEADER_LEN + MAX_CONTENT + 4 + ENTRY_LEN * MAX_SIGNATURES;

const ENTRY_LEN: usize = PUBLIC_KEY_LEN + SIGNATURE_LEN;

/// Why bytes are not a well-formed package.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It doesn't begin as a package does.
    #[error("not a hotpatch package: it does not begin with 89 48 50 4b 0d 0a 1a 0a")]
    Magic,
    /// A version of the container that this build doesn't know.
    #[error("container version {0} is not supported, only version {VERSION}")]
    Version(u32),
    /// The file ends inside a field.
    #[error("the file ends inside the {field}: {needed:#x} bytes needed, {size:#x} present")]
    Truncated {
        /// The field.
        field: &'static str,
        /// Size that the file must have at least, in bytes.
        needed: usize,
        /// Size of the file in bytes.
        size: usize,
    },
    /// A size or a number that is not allowed.
    #[error("{field}: {value} is not allowed, only 1 to {max}")]
    Limit {
        /// The field.
        field: &'static str,
        /// What it says.
        value: usize,
        /// The largest value.
        max: usize,
    },
    /// The content is no stream of LZMA, or another one than the header says.
    #[error("the content does not unpack to the {0:#x} bytes that the header says")]
    Content(usize),
    /// Bytes after the signature block.
    #[error("{0:#x} bytes follow the signature block")]
    Trailing(usize),
    /// The signatures are not in the order of their keys, or a key signed twice.
    #[error("signature {0} is out of order, or its key signed twice")]
    Order(usize),
    /// What should be a public key is none.
    #[error("the public key of signature {0} is not a usable Ed25519 key")]
    Key(usize),
}

const MANIFEST: &str = "size of the manifest in bytes";
const PAYLOAD: &str = "size of the payload in bytes";
const CONTENT: &str = "size of the content in bytes";

/// A signature with the key that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The key.
    pub key: PublicKey,
    /// Its signature of the [`message`].
    pub bytes: [u8; SIGNATURE_LEN],
}

/// The parts of a package, none of them checked beyond the shape of the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container<'a> {
    /// Every byte before the signature block.
    pub signed: &'a [u8],
    /// Manifest and payload, compressed: see [`Container::unpack`].
    pub content: &'a [u8],
    /// Size of the manifest in bytes.
    pub manifest_len: usize,
    /// Size of the payload in bytes.
    pub payload_len: usize,
    /// The signatures, by ascending public key.
    pub signatures: Vec<Signature>,
}

impl<'a> Container<'a> {
    /// Takes a file apart. Allocates nothing but the list of signatures.
    ///
    /// # Errors
    /// [`FormatError`] where any byte isn't as the module's documentation says.
    pub fn parse(file: &'a [u8]) -> Result<Self, FormatError> {
        if file.get(..MAGIC.len()) != Some(&MAGIC) {
            return Err(FormatError::Magic);
        }
        let version = number(file, 8, "header")?;
        if version != VERSION {
            return Err(FormatError::Version(version));
        }
        let size = |at, field, max| limited(file, at, "header", field, max);
        let manifest_len = size(12, MANIFEST, MAX_MANIFEST)?;
        let payload_len = size(16, PAYLOAD, MAX_PAYLOAD)?;
        let content_len = size(20, CONTENT, MAX_CONTENT)?;
        let content = take(file, HEADER_LEN, content_len, "content")?;
        let block = HEADER_LEN + content_len;
        Ok(Container {
            signed: take(file, 0, block, "content")?,
            content,
            manifest_len,
            payload_len,
            signatures: signatures(file, block)?,
        })
    }

    /// Unpacks manifest and payload, neither of them checked.
    ///
    /// # Errors
    /// [`FormatError::Content`].
    pub fn unpack(&self) -> Result<Content, FormatError> {
        content::unpack(self.content, self.manifest_len, self.payload_len)
            .ok_or(FormatError::Content(self.manifest_len + self.payload_len))
    }

    /// The text that the signatures are of.
    pub fn message(&self) -> Vec<u8> {
        message(self.signed)
    }
}

fn signatures(file: &[u8], block: usize) -> Result<Vec<Signature>, FormatError> {
    const FIELD: &str = "signature block";
    let count = limited(file, block, FIELD, "number of signatures", MAX_SIGNATURES)?;
    let entries = take(file, block + 4, count * ENTRY_LEN, FIELD)?;
    let trailing = file.len() - (block + 4 + entries.len());
    if trailing != 0 {
        return Err(FormatError::Trailing(trailing));
    }
    let (entries, _) = entries.as_chunks::<ENTRY_LEN>();
    if let Some(i) = entries
        .windows(2)
        .position(|w| w[0][..PUBLIC_KEY_LEN] >= w[1][..PUBLIC_KEY_LEN])
    {
        return Err(FormatError::Order(i + 1));
    }
    let signature = |(i, entry): (usize, &[u8; ENTRY_LEN])| {
        let key = entry.first_chunk().and_then(PublicKey::from_bytes);
        Ok(Signature {
            key: key.ok_or(FormatError::Key(i))?,
            bytes: *entry.last_chunk().ok_or(FormatError::Key(i))?,
        })
    };
    entries.iter().enumerate().map(signature).collect()
}

/// The text that a signature of a package is of; `signed` is every byte before the
/// signature block.
pub fn message(signed: &[u8]) -> Vec<u8> {
    let digest = hex::encode(Sha512::digest(signed));
    format!("hotpatch package\nversion {VERSION}\nsha512 {digest}\n").into_bytes()
}

/// Every byte before the signature block.
///
/// # Errors
/// [`FormatError::Limit`] where the manifest or the payload is empty or too large.
pub fn unsigned(manifest: &[u8], payload: &[u8]) -> Result<Vec<u8>, FormatError> {
    let manifest_len = check(MANIFEST, manifest.len(), MAX_MANIFEST)?;
    let payload_len = check(PAYLOAD, payload.len(), MAX_PAYLOAD)?;
    let size = manifest.len() + payload.len();
    let content = content::compress(manifest, payload).map_err(|_| FormatError::Content(size))?;
    let content_len = check(CONTENT, content.len(), MAX_CONTENT)?;
    let header: [&[u8]; 5] = [
        &MAGIC,
        &VERSION.to_le_bytes(),
        &manifest_len.to_le_bytes(),
        &payload_len.to_le_bytes(),
        &content_len.to_le_bytes(),
    ];
    Ok([&header.concat(), content.as_slice()].concat())
}

/// Appends the signature block to what [`unsigned`] returned. Sorts the signatures.
///
/// # Errors
/// [`FormatError`] where there are none, too many, or two of the same key.
pub fn attach(mut signed: Vec<u8>, mut signatures: Vec<Signature>) -> Result<Vec<u8>, FormatError> {
    let count = check("number of signatures", signatures.len(), MAX_SIGNATURES)?;
    signatures.sort_by(|a, b| a.key.as_bytes().cmp(b.key.as_bytes()));
    if let Some(i) = signatures.windows(2).position(|w| w[0].key == w[1].key) {
        return Err(FormatError::Order(i + 1));
    }
    signed.extend(count.to_le_bytes());
    for signature in &signatures {
        signed.extend(signature.key.as_bytes());
        signed.extend(signature.bytes);
    }
    Ok(signed)
}

/// `size` bytes at `start`; the sum can't overflow, since both have been limited.
fn take<'a>(
    file: &'a [u8],
    start: usize,
    size: usize,
    field: &'static str,
) -> Result<&'a [u8], FormatError> {
    file.get(start..start + size).ok_or(FormatError::Truncated {
        field,
        needed: start + size,
        size: file.len(),
    })
}

fn number(file: &[u8], at: usize, field: &'static str) -> Result<u32, FormatError> {
    let bytes = take(file, at, 4, field)?;
    Ok(bytes
        .first_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes)))
}

fn limited(
    file: &[u8],
    at: usize,
    part: &'static str,
    field: &'static str,
    max: usize,
) -> Result<usize, FormatError> {
    let value = number(file, at, part)? as usize;
    check(field, value, max).map(|_| value)
}

fn check(field: &'static str, value: usize, max: usize) -> Result<u32, FormatError> {
    match u32::try_from(value) {
        Ok(number) if (1..=max).contains(&value) => Ok(number),
        _ => Err(FormatError::Limit { field, value, max }),
    }
}

#[cfg(test)]
mod tests;
