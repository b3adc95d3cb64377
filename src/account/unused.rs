//! Constants of a compiler that nothing uses any more.
//!
//! LLVM puts a constant for a vector into the pool of a function before it has decided how the
//! code gets at it: where it takes one number of it instead, or leaves the loop away, the
//! constant stays. Nothing refers to it, and it changes with the source.
//!
//! An object of a pool is only met by its own address. That nobody has that address is proven
//! where all that could be one was looked at: the operands of all code (the objects around
//! reach no further than their extents, which are never too small), the pointers in data, and
//! the numbers in data that may be RVAs or distances.

use super::lists::holds;
use crate::addr::Rva;
use crate::function::{Place, Program, Site};
use crate::image::SectionKind;

/// What is known of bytes to which nothing is seen to refer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// They are an unused constant of a compiler.
    Proven,
    /// They are one, but something may have its address.
    Likely,
    /// They may be anything.
    Unknown,
}

/// Judges ranges of an image.
pub fn judge(program: &Program<'_>, ranges: &[(Rva, u32)]) -> Vec<Unused> {
    let compiled: Vec<bool> = ranges
        .iter()
        .map(|(r, _)| is_compiled(program, *r))
        .collect();
    if !compiled.contains(&true) {
        return vec![Unused::Unknown; ranges.len()];
    }
    let uncertain = program.code.iter().any(|c| c.uncertain.is_some());
    let led_to = led_to_by_numbers(program, ranges);
    let each = ranges.iter().zip(compiled).zip(led_to);
    each.map(|(((rva, _), compiled), led_to)| match compiled {
        false => Unused::Unknown,
        true if uncertain || led_to || !is_in_pool(program, *rva) => Unused::Likely,
        true => Unused::Proven,
    })
    .collect()
}

/// Whether a compiler has put a read-only place where it puts constants by itself.
fn is_compiled(program: &Program<'_>, rva: Rva) -> bool {
    let section = program.image.section_at(rva);
    let read_only = section.is_some_and(|s| s.kind() == SectionKind::ReadOnly);
    let contribution = program.symbols.contribution_at(rva);
    let module = contribution.and_then(|c| program.symbols.modules.get(c.module.0 as usize));
    read_only && module.is_some_and(|m| m.compiler.is_some())
}

/// Whether code reads constants without a symbol beside a place as wholes, as it does with
/// those of a pool, and all names there have types: none is that of assembler code.
fn is_in_pool(program: &Program<'_>, rva: Rva) -> bool {
    let Some(c) = program.symbols.contribution_at(rva) else {
        return false;
    };
    let end = Rva(c.rva.0.saturating_add(c.size));
    let data = &program.data;
    let own = data.partition_point(|d| d.rva < c.rva)..data.partition_point(|d| d.rva < end);
    let typed = own.clone().all(|i| data[i].type_size.is_some());
    let sites = program.incoming().within(c.rva, end);
    let pooled = |(target, site): &(Rva, Site)| {
        program.place(*target) == Place::Constant && !holds(program, site)
    };
    typed && sites.iter().any(pooled)
}

/// Which of the ranges a number in data leads to, as an RVA or as a distance from its place.
fn led_to_by_numbers(program: &Program<'_>, ranges: &[(Rva, u32)]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|i| ranges[*i].0);
    let mut found = vec![false; ranges.len()];
    let mut note = |rva: Rva| {
        let after = order.partition_point(|i| ranges[*i].0 <= rva);
        if let Some(i) = after.checked_sub(1).map(|at| order[at])
            && rva.0 - ranges[i].0.0 < ranges[i].1
        {
            found[i] = true;
        }
    };
    let sections = program.image.sections.iter();
    for s in sections.filter(|s| s.kind() != SectionKind::Code) {
        let bytes = program.image.rest_of_section(s.rva).unwrap_or(&[]);
        for (i, word) in bytes.chunks_exact(4).enumerate() {
            let number = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            if number != 0 {
                note(Rva(number));
                note(Rva((s.rva.0 + i as u32 * 4).wrapping_add(number)));
            }
        }
    }
    found
}
