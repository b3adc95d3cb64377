//! What the bytes of code say of words that may be return addresses.

use crate::addr::Va;
use crate::apply::target::Target;

/// The longest call without prefixes, in bytes: `call [base + index * scale + disp32]`.
pub const LONGEST_CALL: usize = 7;

/// Whether what lies before an address may be a call, so that the address may be one to which
/// it returns. True where that can't be known.
pub fn may_return_to<T: Target + ?Sized>(target: &T, at: Va) -> bool {
    let start = at.0.saturating_sub(LONGEST_CALL as u64);
    let bytes = target.read_vec(Va(start), LONGEST_CALL);
    bytes.map_or(true, |bytes| may_end_in_call(&bytes))
}

/// Whether a call may end where these bytes do: `e8 rel32`, or `ff /2` in any of its forms.
fn may_end_in_call(bytes: &[u8]) -> bool {
    let back = |n: usize| bytes.len().checked_sub(n).map(|i| bytes[i]);
    let indirect = |n: usize| {
        let operand = back(n - 1).is_some_and(|modrm| modrm >> 3 & 7 == 2);
        back(n) == Some(0xff) && operand
    };
    back(5) == Some(0xe8) || [2, 3, 4, 6, 7].into_iter().any(indirect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_call_is_known() {
        for call in [
            &[0xe8, 1, 2, 3, 4][..],
            &[0xff, 0xd0],
            &[0x41, 0xff, 0xd2],
            &[0xff, 0x10],
            &[0xff, 0x14, 0xc8],
            &[0xff, 0x50, 8],
            &[0xff, 0x54, 0xc8, 8],
            &[0xff, 0x15, 1, 2, 3, 4],
            &[0xff, 0x92, 1, 2, 3, 4],
            &[0xff, 0x94, 0xc8, 1, 2, 3, 4],
            &[0x4a, 0xff, 0x94, 0xc8, 1, 2, 3, 4],
        ] {
            let mut bytes = vec![0x90; LONGEST_CALL];
            bytes.extend(call);
            assert!(
                may_end_in_call(&bytes[bytes.len() - LONGEST_CALL..]),
                "{call:x?}"
            );
        }
    }

    #[test]
    fn what_ends_otherwise_is_none() {
        for end in [
            &[0x48, 0x83, 0xc4, 0x28, 0xc3][..],
            &[0xb0, 1, 0xc3],
            &[0xff, 0xe0],
            &[0xe9, 1, 2, 3, 4],
            &[0xff, 0x25, 1, 2, 3, 4],
        ] {
            let mut bytes = vec![0x90; LONGEST_CALL];
            bytes.extend(end);
            assert!(
                !may_end_in_call(&bytes[bytes.len() - LONGEST_CALL..]),
                "{end:x?}"
            );
        }
    }
}
