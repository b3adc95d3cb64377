//! What a call that goes on may hand out of its own frame (`apply --allow-on-stack`).
//!
//! A call that is under way keeps the frame that its version laid out, and calls the other
//! version of what it calls. Where it hands over the address of a local variable, both have to
//! mean the same by it: an array that is longer in the new build is not longer in that frame.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

use crate::function::{FunctionIndex, Program};
use crate::symbols::Local;

/// A local variable that is not the same in two versions of a function, or of which nothing says
/// that it is: its name.
pub fn differing(old: &[Local], new: &[Local]) -> Option<String> {
    let whole = |list: &[Local]| -> Vec<Local> {
        let whole = list.iter().filter(|local| local.is_whole);
        whole.cloned().collect()
    };
    let (before, after) = (whole(old), whole(new));
    // Variables of one name in several blocks, of which either may be which.
    let twice = before.windows(2).find(|pair| pair[0].name == pair[1].name);
    if let Some([local, _]) = twice {
        return Some(local.name.clone());
    }
    let of_one = before.iter().find(|local| !after.contains(local));
    let of_one = of_one.or_else(|| after.iter().find(|local| !before.contains(local)));
    // Of numbers and pointers one may come or go, which are mostly held in registers.
    let of_both = || {
        let other = |local: &Local| {
            let mut namesakes = new.iter().filter(|n| n.name == local.name).peekable();
            namesakes.peek().is_some() && !namesakes.any(|n| n == local)
        };
        old.iter().find(|local| other(local))
    };
    of_one.or_else(of_both).map(|local| local.name.clone())
}

/// Whether a function takes the address of something in its frame.
pub fn is_handed_out(program: &Program<'_>, function: FunctionIndex) -> bool {
    let pieces = program.pieces_of(function).into_iter();
    std::iter::once(function).chain(pieces).any(|piece| {
        let bytes = program.bytes_of(piece);
        let decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
        let is_frame = |register| matches!(register, Register::RSP | Register::RBP);
        decoder.into_iter().any(|i| match i.mnemonic() {
            Mnemonic::Lea => is_frame(i.memory_base()) && !is_frame(i.op0_register()),
            // The address itself, without a distance.
            Mnemonic::Mov | Mnemonic::Push => {
                let from = if i.mnemonic() == Mnemonic::Mov { 1 } else { 0 };
                i.op_kind(from) == OpKind::Register
                    && i.op_register(from) == Register::RSP
                    && !(from == 1
                        && i.op0_kind() == OpKind::Register
                        && is_frame(i.op0_register()))
            }
            _ => false,
        })
    })
}

/// Whether a function makes room in its frame of a size that no record says, as `alloca` and
/// arrays of variable length do.
pub fn has_room_of_any_size(program: &Program<'_>, function: FunctionIndex) -> bool {
    let pieces = program.pieces_of(function).into_iter();
    std::iter::once(function).chain(pieces).any(|piece| {
        let bytes = program.bytes_of(piece);
        let decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
        let of_stack =
            |i: &Instruction| i.op0_kind() == OpKind::Register && i.op0_register() == Register::RSP;
        let mut large_frame = None;
        let mut found = false;
        for i in decoder {
            // A large frame is made by way of RAX, which has a number then.
            let sets = i.mnemonic() == Mnemonic::Mov && i.op0_kind() == OpKind::Register;
            if sets && i.op0_register() == Register::EAX {
                large_frame = Some(i.op1_kind() == OpKind::Immediate32);
            }
            let takes = i.mnemonic() == Mnemonic::Sub && i.op1_kind() == OpKind::Register;
            let is_number = i.op1_register() == Register::RAX && large_frame == Some(true);
            found |= of_stack(&i) && takes && !is_number;
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(name: &str, type_name: &str, size: u32, is_whole: bool) -> Local {
        Local {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            size: Some(size),
            is_whole,
        }
    }

    #[test]
    fn arrays_must_be_the_same_and_numbers_where_both_have_them() {
        let short = local("buffer", "char[2]", 2, true);
        let long = local("buffer", "char[12]", 12, true);
        let count = local("count", "i32", 4, false);
        let wide = local("count", "i64", 8, false);
        let one = |l: &Local| vec![l.clone()];
        assert_eq!(differing(&one(&short), &one(&short)), None);
        assert_eq!(
            differing(&one(&short), &one(&long)).as_deref(),
            Some("buffer")
        );
        assert_eq!(differing(&one(&short), &[]).as_deref(), Some("buffer"));
        assert_eq!(differing(&[], &one(&short)).as_deref(), Some("buffer"));
        assert_eq!(differing(&[], &one(&count)), None);
        assert_eq!(
            differing(&one(&count), &one(&wide)).as_deref(),
            Some("count")
        );
        let both = [short.clone(), long.clone()];
        assert_eq!(differing(&both, &both).as_deref(), Some("buffer"));
        // Of two blocks that each have one, either may be meant.
        assert_eq!(differing(&one(&count), &[count.clone(), wide]), None);
    }
}
