//! Manifest and payload as one compressed stream.
//!
//! Raw LZMA (Igor Pavlov, "LZMA specification", 2015) without a header: `lc` 3, `lp` 0, `pb` 2,
//! the dictionary as [`dictionary`] says. A package has nothing to choose here, so that a reader
//! has nothing to believe but two sizes.

use std::io::{Read, Write};

use lzma_rust2::{LzmaOptions, LzmaReader, LzmaWriter};

/// Bits of literal context, of literal position and of position.
const BITS: (u32, u32, u32) = (3, 0, 2);
/// The largest and the smallest dictionary in bytes.
const DICTIONARY: std::ops::RangeInclusive<usize> = (4 << 10)..=(8 << 20);
/// The slowest of the presets, which has the deepest search.
const PRESET: u32 = 9;
/// Bytes that are read at once, and the first room for them.
const CHUNK: usize = 64 << 10;

/// Manifest and payload of a package.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    bytes: Vec<u8>,
    manifest: usize,
}

impl Content {
    /// The manifest, which should be TOML.
    pub fn manifest(&self) -> &[u8] {
        &self.bytes[..self.manifest]
    }

    /// The payload, which should be a COFF object.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.manifest..]
    }
}

/// The size of the dictionary for a content of this many bytes: as large as the content, but
/// not less than 4 KiB and not more than 8 MiB.
fn dictionary(size: usize) -> u32 {
    size.clamp(*DICTIONARY.start(), *DICTIONARY.end()) as u32
}

/// Compresses a manifest and a payload. The same bytes give the same bytes.
pub fn compress(manifest: &[u8], payload: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut options = LzmaOptions::with_preset(PRESET);
    (options.lc, options.lp, options.pb) = BITS;
    options.dict_size = dictionary(manifest.len() + payload.len());
    options.nice_len = LzmaOptions::NICE_LEN_MAX;
    let mut writer = LzmaWriter::new_no_header(Vec::new(), &options, false)?;
    writer.write_all(manifest)?;
    writer.write_all(payload)?;
    writer.finish()
}

/// Undoes [`compress`]; `None` where the bytes are not exactly such a stream of as many bytes.
pub fn unpack(compressed: &[u8], manifest: usize, payload: usize) -> Option<Content> {
    let size = manifest.checked_add(payload)?;
    let (lc, lp, pb) = BITS;
    let length = u64::try_from(size).ok()?;
    let reader = LzmaReader::new(compressed, length, lc, lp, pb, dictionary(size), None);
    let mut reader = reader.ok()?;
    reader.set_relaxed_end_condition(false);
    // Room is made for what is there, not for what a header says.
    let mut bytes = Vec::new();
    let mut chunk = vec![0; CHUNK.min(size.max(1))];
    loop {
        match reader.read(&mut chunk).ok()? {
            0 => break,
            count => bytes.extend_from_slice(&chunk[..count]),
        }
    }
    let (rest, buffered) = reader.into_parts();
    let whole = bytes.len() == size && rest.is_empty() && buffered.is_empty();
    whole.then_some(Content { bytes, manifest })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_the_lzma_of_others() {
        // Python: lzma.compress(b"manifest" * 8 + b"payload" * 8, format=lzma.FORMAT_RAW,
        // filters=[{"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 2}])
        let theirs = hex::decode(THEIRS).unwrap();
        let content = unpack(&theirs, 64, 56).unwrap();
        assert_eq!(content.manifest(), b"manifest".repeat(8));
        assert_eq!(content.payload(), b"payload".repeat(8));
    }

    const THEIRS: &str = "0036984a21634e103addc17f3890a4ee19a0e1304c4dbf41ffffe08e0000";

    #[test]
    fn what_is_longer_shorter_or_another_size_is_refused() {
        let packed = compress(b"manifest", b"payload").unwrap();
        assert!(unpack(&packed, 8, 7).is_some());
        for (manifest, payload) in [(8, 6), (8, 8), (0, 0), (15, 1 << 20), (usize::MAX, 1)] {
            assert!(unpack(&packed, manifest, payload).is_none(), "{payload}");
        }
        for size in 0..packed.len() {
            assert!(unpack(&packed[..size], 8, 7).is_none(), "{size}");
        }
        assert!(unpack(&[&packed[..], b"\0"].concat(), 8, 7).is_none());
    }

    proptest! {
        #[test]
        fn everything_comes_back(
            manifest in proptest::collection::vec(any::<u8>(), 0..3000),
            payload in proptest::collection::vec(0..3u8, 0..9000),
        ) {
            let packed = compress(&manifest, &payload).unwrap();
            let content = unpack(&packed, manifest.len(), payload.len()).unwrap();
            prop_assert_eq!(content.manifest(), manifest);
            prop_assert_eq!(content.payload(), payload);
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            size in 0..100_000usize,
        ) {
            let _ = unpack(&bytes, size, 1);
            let _ = unpack(&[&[0][..], &bytes].concat(), size, 1);
        }
    }
}
