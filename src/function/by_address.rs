//! Looks things up by address where there are hundreds of thousands of them.

use std::ops::Range;

use crate::addr::Rva;

/// Bytes of a page, as a power of two.
const SHIFT: u32 = 8;

/// For each page of the image, how many things of an ascending list begin before it.
#[derive(Debug, Default)]
pub struct ByAddress {
    pages: Vec<u32>,
}

impl ByAddress {
    /// Of things that begin at these addresses, ascending.
    pub fn new(starts: impl Iterator<Item = Rva>) -> Self {
        let mut pages: Vec<u32> = vec![0];
        let mut count = 0;
        for start in starts {
            let page = (start.0 >> SHIFT) as usize;
            if pages.len() <= page {
                pages.resize(page + 1, count);
            }
            count += 1;
        }
        pages.push(count);
        ByAddress { pages }
    }

    /// How many of `list` begin at an address or before it, `start` saying where one does.
    pub fn until<T>(&self, list: &[T], rva: Rva, start: impl Fn(&T) -> Rva) -> usize {
        let Range { start: from, end } = self.around(rva, list.len());
        let near = &list[from..end];
        from + near.partition_point(|item| start(item) <= rva)
    }

    /// Where in the list those are that begin in the page of an address.
    fn around(&self, rva: Rva, len: usize) -> Range<usize> {
        let page = (rva.0 >> SHIFT) as usize;
        let before = |page: usize| self.pages.get(page).map_or(len, |n| (*n as usize).min(len));
        before(page)..before(page + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_found_as_by_looking_through_all() {
        let starts = [0x1000, 0x1000, 0x10ff, 0x1100, 0x1300, 0x5000, 0x5001].map(Rva);
        let index = ByAddress::new(starts.iter().copied());
        for address in (0..0x6000).chain([u32::MAX]) {
            let expected = starts.partition_point(|s| s.0 <= address);
            assert_eq!(
                index.until(&starts, Rva(address), |s| *s),
                expected,
                "{address:#x}"
            );
        }
        let none = ByAddress::new([].into_iter());
        assert_eq!(none.until(&[], Rva(0x1000), |s: &Rva| *s), 0);
    }
}
