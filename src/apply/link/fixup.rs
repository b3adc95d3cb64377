//! Fixups: what is stored where, and whether it fits.

use object::pe;

use super::LinkError;
use crate::addr::Va;

/// A field of a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// Name of the section.
    pub section: &'a str,
    /// Offset of the field in the section in bytes.
    pub offset: u32,
    /// Where the field will be.
    pub address: Va,
}

/// The kinds of fixup that a payload may use. In each the addend is what the field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fixup {
    /// Signed distance from the end of the field plus this many bytes (`REL32`, `REL32_n`).
    Relative(u8),
    /// Address (`ADDR64`).
    Absolute,
    /// Unsigned distance from a base that depends on the section (`ADDR32NB`).
    BaseRelative,
}

impl Fixup {
    /// The kind that a COFF relocation type stands for.
    pub fn from_coff(kind: pe::RelocationType, place: Place<'_>) -> Result<Self, LinkError> {
        match kind {
            pe::IMAGE_REL_AMD64_REL32 => Ok(Fixup::Relative(0)),
            pe::IMAGE_REL_AMD64_REL32_1 => Ok(Fixup::Relative(1)),
            pe::IMAGE_REL_AMD64_REL32_2 => Ok(Fixup::Relative(2)),
            pe::IMAGE_REL_AMD64_REL32_3 => Ok(Fixup::Relative(3)),
            pe::IMAGE_REL_AMD64_REL32_4 => Ok(Fixup::Relative(4)),
            pe::IMAGE_REL_AMD64_REL32_5 => Ok(Fixup::Relative(5)),
            pe::IMAGE_REL_AMD64_ADDR64 => Ok(Fixup::Absolute),
            pe::IMAGE_REL_AMD64_ADDR32NB => Ok(Fixup::BaseRelative),
            _ => Err(LinkError::FixupKind {
                kind: kind.0,
                section: place.section.to_owned(),
                offset: place.offset,
            }),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Fixup::Relative(_) => "a signed 32-bit distance",
            Fixup::Absolute => "a 64-bit address",
            Fixup::BaseRelative => "a positive 31-bit distance from the base",
        }
    }

    /// Stores the address of `target` in the field.
    pub fn apply(
        self,
        data: &mut [u8],
        target: Va,
        base: Va,
        place: Place<'_>,
    ) -> Result<(), LinkError> {
        let outside = || LinkError::FixupPlace {
            section: place.section.to_owned(),
            offset: place.offset,
        };
        let at = place.offset as usize;
        let rest = data.get_mut(at..).ok_or_else(outside)?;
        let symbol = i128::from(target.0);
        let value = match self {
            Fixup::Absolute => {
                let field = rest.first_chunk_mut::<8>().ok_or_else(outside)?;
                let value = symbol + i128::from(i64::from_le_bytes(*field));
                if let Ok(fits) = u64::try_from(value) {
                    *field = fits.to_le_bytes();
                    return Ok(());
                }
                value
            }
            Fixup::Relative(extra) => {
                let field = rest.first_chunk_mut::<4>().ok_or_else(outside)?;
                let next = i128::from(place.address.0) + 4 + i128::from(extra);
                let value = symbol + i128::from(i32::from_le_bytes(*field)) - next;
                if let Ok(fits) = i32::try_from(value) {
                    *field = fits.to_le_bytes();
                    return Ok(());
                }
                value
            }
            Fixup::BaseRelative => {
                let field = rest.first_chunk_mut::<4>().ok_or_else(outside)?;
                let addend = i128::from(i32::from_le_bytes(*field));
                let value = symbol + addend - i128::from(base.0);
                // Code uses it as a displacement, which is signed.
                if let Some(fits) = i32::try_from(value).ok().filter(|v| *v >= 0) {
                    *field = fits.to_le_bytes();
                    return Ok(());
                }
                value
            }
        };
        Err(LinkError::Range {
            symbol: String::from("(unnamed)"),
            target,
            section: place.section.to_owned(),
            offset: place.offset,
            place: place.address,
            value,
            kind: self.name(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: u64 = 0x1_8000_0000;

    fn store(fixup: Fixup, addend: i64, target: u64, base: u64) -> Option<[u8; 8]> {
        let place = Place {
            section: ".text",
            offset: 8,
            address: Va(AT),
        };
        let mut data = [0x11; 24];
        let width = if fixup == Fixup::Absolute { 8 } else { 4 };
        data[8..8 + width].copy_from_slice(&addend.to_le_bytes()[..width]);
        let result = fixup.apply(&mut data, Va(target), Va(base), place);
        assert!(data[..8].iter().chain(&data[16..]).all(|b| *b == 0x11));
        match result {
            Ok(()) => Some(*data[8..].first_chunk().unwrap()),
            Err(LinkError::Range { .. }) => None,
            Err(other) => panic!("{other}"),
        }
    }

    fn low(bytes: Option<[u8; 8]>) -> Option<i32> {
        bytes.map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    #[test]
    fn relative_reaches_two_gib_and_not_a_byte_more() {
        for extra in 0..=5u8 {
            let next = AT + 4 + u64::from(extra);
            let rel = Fixup::Relative(extra);
            assert_eq!(low(store(rel, 0, next, 0)), Some(0));
            assert_eq!(low(store(rel, 0, next + 0x7fff_ffff, 0)), Some(i32::MAX));
            assert_eq!(low(store(rel, 0, next + 0x8000_0000, 0)), None);
            assert_eq!(low(store(rel, 0, next - 0x8000_0000, 0)), Some(i32::MIN));
            assert_eq!(low(store(rel, 0, next - 0x8000_0001, 0)), None);
            assert_eq!(low(store(rel, 1, next + 0x7fff_ffff, 0)), None);
            assert_eq!(low(store(rel, -1, next + 0x8000_0000, 0)), Some(i32::MAX));
        }
    }

    #[test]
    fn base_relative_is_positive_and_31_bits_wide() {
        let nb = Fixup::BaseRelative;
        assert_eq!(low(store(nb, 0, AT, AT)), Some(0));
        assert_eq!(low(store(nb, 0, AT - 1, AT)), None);
        assert_eq!(low(store(nb, 1, AT - 1, AT)), Some(0));
        assert_eq!(low(store(nb, 0, AT + 0x7fff_ffff, AT)), Some(i32::MAX));
        assert_eq!(low(store(nb, 0, AT + 0x8000_0000, AT)), None);
        assert_eq!(low(store(nb, -1, AT + 0x8000_0000, AT)), Some(i32::MAX));
    }

    #[test]
    fn absolute_holds_any_address() {
        let wide = |a, t| store(Fixup::Absolute, a, t, 0).map(u64::from_le_bytes);
        assert_eq!(wide(0, u64::MAX), Some(u64::MAX));
        assert_eq!(wide(1, u64::MAX), None);
        assert_eq!(wide(-1, 0), None);
        assert_eq!(wide(-8, 0x7ff6_0000_1000), Some(0x7ff6_0000_0ff8));
    }

    #[test]
    fn fields_end_with_their_section() {
        for (fixup, width) in [
            (Fixup::Relative(0), 4),
            (Fixup::BaseRelative, 4),
            (Fixup::Absolute, 8),
        ] {
            let mut data = [0; 16];
            for (offset, fits) in [(16 - width, true), (17 - width, false), (u32::MAX, false)] {
                let place = Place {
                    section: ".data",
                    offset,
                    address: Va(AT),
                };
                let result = fixup.apply(&mut data, Va(AT), Va(AT), place);
                assert_eq!(result.is_ok(), fits, "{fixup:?} at {offset:#x}");
            }
        }
    }

    #[test]
    fn other_kinds_are_refused() {
        let place = Place {
            section: ".text",
            offset: 0,
            address: Va(AT),
        };
        for kind in (0..=0x20).filter(|k| !matches!(k, 1 | 3..=9)) {
            let refused = Fixup::from_coff(pe::RelocationType(kind), place);
            assert!(
                matches!(refused, Err(LinkError::FixupKind { .. })),
                "{kind}"
            );
        }
    }
}
