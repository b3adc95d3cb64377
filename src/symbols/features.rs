//! The feature codes at the end of the PDB information stream.
//!
//! Source: LLVM, "The PDB Info (aka the PDB) Stream", and `InfoStream.cpp`: a header, the
//! map of named streams (a buffer of names, then a hash table), then one number for each
//! feature of the PDB.

/// Bytes of the header: version, signature, age and GUID.
const HEADER: usize = 28;
/// `MinimalDebugInfo`: written by `/DEBUG:FASTLINK`.
const MINIMAL: u32 = 0x494e_494d;

/// Whether the PDB only points into the object files, which hold the procedures and lines.
pub fn is_minimal(information: &[u8]) -> bool {
    features(information).is_some_and(|f| f.contains(&MINIMAL))
}

/// All feature codes; `None` where the stream is cut off before them.
fn features(stream: &[u8]) -> Option<Vec<u32>> {
    let word = |at: usize| -> Option<u32> {
        let field = stream.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(field.try_into().ok()?))
    };
    let skip = |at: usize, count: u32, width: usize| -> Option<usize> {
        at.checked_add(4)?
            .checked_add((count as usize).checked_mul(width)?)
    };
    let table = skip(HEADER, word(HEADER)?, 1)?;
    let used = word(table)?;
    // The capacity, then two bit vectors: which slots are used, and which once were.
    let present = table.checked_add(8)?;
    let deleted = skip(present, word(present)?, 4)?;
    let slots = skip(deleted, word(deleted)?, 4)?;
    let rest = slots.checked_add((used as usize).checked_mul(8)?)?;
    let (words, _) = stream.get(rest..)?.as_chunks::<4>();
    Some(words.iter().map(|w| u32::from_le_bytes(*w)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(features: &[u32]) -> Vec<u8> {
        let mut stream = vec![0; HEADER];
        let mut put = |words: &[u32]| words.iter().for_each(|w| stream.extend(w.to_le_bytes()));
        // One name of four bytes; one of two slots is used.
        put(&[4, u32::from_le_bytes(*b"one\0"), 1, 2, 1, 1, 0, 0, 5]);
        put(features);
        stream
    }

    #[test]
    fn features_stand_behind_the_names_of_streams() {
        assert_eq!(features(&stream(&[7, 9])), Some(vec![7, 9]));
        assert!(is_minimal(&stream(&[20_140_508, MINIMAL])));
        assert!(!is_minimal(&stream(&[20_140_508])));
    }

    #[test]
    fn a_stream_that_is_cut_off_or_damaged_has_none() {
        let good = stream(&[MINIMAL]);
        for end in 0..good.len() {
            assert!(!is_minimal(&good[..end]), "{end}");
        }
        for at in HEADER..good.len() - 4 {
            let mut bad = good.clone();
            bad[at] = 0xff;
            features(&bad);
        }
    }
}
