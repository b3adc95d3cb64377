//! Looks for addresses in the memory of a running target.

use super::target::{HIGHEST, LOWEST, Region, Target, TargetError, Usage};
use crate::addr::Va;

/// Bytes that are read at once.
const CHUNK: u64 = 4 << 20;

const PAGE: u64 = 0x1000;

/// A word that points into a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// Where it is.
    pub at: Va,
    /// What it holds.
    pub to: Va,
    /// The allocation that it is in.
    pub allocation: Va,
}

/// So many are kept. Where as many are found there may be more, of which nothing is known.
pub const MOST: usize = 1 << 16;

/// Looks through everything that the target can write, but for some ranges, for aligned
/// words that point into `range` and count. Ranges are first byte and first byte after. Once
/// [`MOST`] are found, the rest is not looked at.
///
/// Memory that goes away meanwhile is no memory; what can't be read holds nothing that the
/// target could read either.
///
/// # Errors
/// Where the regions can't be listed.
pub fn find<T: Target + ?Sized>(
    target: &T,
    range: (u64, u64),
    counts: impl Fn(u64) -> bool,
    without: &[(u64, u64)],
) -> Result<Vec<Pointer>, TargetError> {
    let mut found = Vec::new();
    let mut buffer = Vec::new();
    target.each_region(LOWEST, HIGHEST, &mut |region| {
        if is_writable(&region) {
            for (from, to) in parts(&region, without) {
                let mut next = from;
                let mut pagewise = from;
                while next < to && found.len() < MOST {
                    // Where a part is gone, the rest may hold something.
                    let most = if next < pagewise { PAGE } else { CHUNK };
                    let size = (to - next).min(most);
                    buffer.resize(size as usize, 0);
                    let read = target.read(Va(next), &mut buffer).is_ok();
                    if !read && size > PAGE {
                        pagewise = next + size;
                        continue;
                    }
                    if read {
                        let mut at = next;
                        for word in buffer.as_chunks::<8>().0 {
                            let word = u64::from_le_bytes(*word);
                            if word >= range.0 && word < range.1 && counts(word) {
                                found.push(Pointer {
                                    at: Va(at),
                                    to: Va(word),
                                    allocation: region.allocation,
                                });
                            }
                            at += 8;
                        }
                    }
                    next += size;
                }
            }
        }
        true
    })?;
    Ok(found)
}

fn is_writable(region: &Region) -> bool {
    /// `PAGE_GUARD`: reading it would disturb the stack that it guards.
    const GUARD: u32 = 0x100;
    !matches!(region.usage, Usage::Free | Usage::Reserved)
        && region.protection.writable()
        && region.protection.0 & GUARD == 0
}

/// A region without the parts that are in other ranges.
fn parts(region: &Region, without: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut parts = vec![(region.base.0, region.end().0)];
    for (from, to) in without {
        parts = parts
            .into_iter()
            .flat_map(|(start, end)| [(start, end.min(*from)), (start.max(*to), end)])
            .filter(|(start, end)| start < end)
            .collect();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::target::Protection;
    use crate::apply::testing::{Fake, MODULE};

    #[test]
    fn words_in_writable_memory_are_found_and_others_are_not() {
        let fake = Fake::new();
        let heap = Va(0x7000_0000);
        fake.unchecked.set(true);
        fake.allocate(heap, 0x3000).unwrap();
        let wanted = (MODULE.0 + 0x1000, MODULE.0 + 0x2000);
        let put = |at: u64, word: u64| fake.poke(Va(at), &word.to_le_bytes());
        let look = |without: &[(u64, u64)]| find(&fake, wanted, |_| true, without).unwrap();
        put(heap.0 + 8, wanted.0 - 1);
        put(heap.0 + 16, wanted.1);
        assert_eq!(look(&[]), []);
        put(heap.0 + 0x1008, wanted.0);
        put(heap.0 + 0x2ff8, wanted.1 - 1);
        let pointer = |at: u64, to: u64| Pointer {
            at: Va(heap.0 + at),
            to: Va(to),
            allocation: heap,
        };
        let both = [pointer(0x1008, wanted.0), pointer(0x2ff8, wanted.1 - 1)];
        assert_eq!(look(&[]), both);
        assert_eq!(look(&[(heap.0 + 0x1000, heap.0 + 0x2000)]), both[1..]);
        assert_eq!(look(&[(0, u64::MAX)]), []);
        let even = find(&fake, wanted, |word| word.is_multiple_of(2), &[]).unwrap();
        assert_eq!(even, both[..1]);
        // The read of the whole fails, those of its pages don't.
        let before = fake.operations.get();
        look(&[]);
        for step in 0..fake.operations.get() - before {
            fake.hiccup.set(Some(step));
            let found = find(&fake, wanted, |_| true, &[]);
            fake.hiccup.set(None);
            assert!(found.is_err() || found.unwrap() == both, "step {step}");
        }
        fake.protect(heap, 0x3000, Protection::READ).unwrap();
        assert_eq!(look(&[]), []);
    }
}
