//! Compiler-made data of Microsoft's C++ ABI that holds RVAs which no table lists: run-time
//! type information and descriptions of thrown types.
//!
//! Source: `rttidata.h` and `ehdata.h` of the Visual C++ runtime, with image-relative
//! addresses as on x64.

/// Offsets of the 32-bit RVAs in an object with this decorated name and this size.
pub fn image_relative_fields(name: &str, size: u32) -> Vec<u32> {
    let every = |from: u32| (from..size.saturating_sub(3)).step_by(4).collect();
    if name.starts_with("??_R4") {
        // RTTICompleteObjectLocator: type, hierarchy, itself.
        vec![12, 16, 20]
    } else if name.starts_with("??_R3") {
        // RTTIClassHierarchyDescriptor: base classes.
        vec![12]
    } else if name.starts_with("??_R2") {
        // RTTIBaseClassArray.
        every(0)
    } else if name.starts_with("??_R1") {
        // RTTIBaseClassDescriptor: type, hierarchy.
        vec![0, 24]
    } else if name.starts_with("_CTA") {
        // CatchableTypeArray: a count, then types.
        every(4)
    } else if name.starts_with("_CT??") {
        // CatchableType: type, copy constructor.
        vec![4, 24]
    } else if is_throw_info(name) {
        // ThrowInfo: destructor, forward compatibility, catchable types.
        vec![4, 8, 12]
    } else {
        Vec::new()
    }
}

/// `_TI`, qualifiers of the thrown type, and the number of types it can be caught as.
fn is_throw_info(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("_TI") else {
        return false;
    };
    let rest = rest.trim_start_matches(['C', 'V', 'U']);
    rest.starts_with(|c: char| c.is_ascii_digit())
}

/// Takes the hashes of unnamed namespaces and lambdas out of the texts of type descriptors
/// (`.?AVname@?A0x1f2e3d4c@@`): they change with the path of the source. They are written
/// without zeros in front, so that what follows them moves up, and zeros follow the text.
/// `counts` says at which offsets there is such a text: other data may look like one.
pub fn without_hashes(bytes: &mut [u8], counts: impl Fn(usize) -> bool) {
    const MARKS: [&[u8]; 2] = [b"?A0x", b"<lambda_"];
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at..].starts_with(b".?A") || !counts(at) {
            at += 1;
            continue;
        }
        let end = bytes[at..].iter().position(|b| *b == 0);
        let end = end.map_or(bytes.len(), |len| at + len);
        let (mut from, mut to) = (at, at);
        while from < end {
            bytes[to] = bytes[from];
            (from, to) = (from + 1, to + 1);
            if MARKS.iter().any(|mark| bytes[at..to].ends_with(mark)) {
                let digits = bytes[from..end].iter();
                from += digits.take_while(|b| b.is_ascii_hexdigit()).count();
            }
        }
        bytes[to..end].fill(0);
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_descriptors_lose_hashes() {
        let without = |text: &[u8]| {
            let mut bytes = text.to_vec();
            without_hashes(&mut bytes, |_| true);
            bytes
        };
        assert_eq!(
            without(b"\x01.?AUS@?A0x5B3FF31B@@\0A0x12"),
            b"\x01.?AUS@?A0x@@\0\0\0\0\0\0\0\0\0A0x12"
        );
        assert_eq!(
            without(b".?AVS@?A0xB3FF31B@@\0"),
            without(b".?AVS@?A0x3FF31B@@\0\0")
        );
        assert_eq!(
            without(b".?AV<lambda_0a1b>@@\0"),
            b".?AV<lambda_>@@\0\0\0\0\0"
        );
        assert_eq!(without(b"?A0x5B3FF31B"), b"?A0x5B3FF31B");
        let mut other = *b".?AVS@?A0xB3FF31B@@";
        without_hashes(&mut other, |_| false);
        assert_eq!(other, *b".?AVS@?A0xB3FF31B@@");
    }

    #[test]
    fn arrays_have_a_field_per_word() {
        assert_eq!(image_relative_fields("??_R2A@@8", 12), [0, 4, 8]);
        assert_eq!(image_relative_fields("_CTA2?AVbad_alloc@std@@", 12), [4, 8]);
        assert_eq!(image_relative_fields("_TI1H", 16), [4, 8, 12]);
        assert_eq!(image_relative_fields("_TIC2?AVerror@@", 16), [4, 8, 12]);
        assert_eq!(image_relative_fields("_TIMER", 16), [0; 0]);
    }
}
