//! Diff → [`Plan`]: what must go into the payload, every hazard found, the verdict.
//!
//! The plan holds the payload as a graph of [`Piece`]s: bytes with [`Fixup`]s that lead
//! to other pieces or to places of the old image. All hazards are collected before
//! the verdict is given.

mod alignment;
mod arrays;
mod beside;
mod carry_code;
mod carry_data;
mod carry_unwind;
mod closure;
mod coroutines;
mod coverage;
mod displaced;
mod displacements;
mod entry;
mod gone;
mod hazards;
mod held;
mod identity;
mod image_hazards;
mod islands;
mod labels;
mod lost;
mod marks;
mod meaning;
mod members;
mod numbered;
mod overlaps;
mod own_frame;
mod profile;
mod relays;
mod removed;
mod runs;
mod shrunk;
pub mod stay;
mod stubs;
mod symbol_names;
mod thread_local;
mod toolchain;
mod transplant;
mod twins;
mod types;
mod undescribed;
mod unlisted;
mod unwind;
pub mod version;

pub use coverage::{Checked, check_all};
pub use entry::Gate;

use crate::account::Account;
use crate::addr::Rva;
use crate::diff::Diff;
use crate::finding::{Finding, Rule, Severity};
use crate::function::{FunctionIndex, Program};
use crate::image::Import;
use crate::payload::names::Hook;

/// A hazard before it is known what it is about: rule and reason.
type Hazard = (&'static Rule, String);

/// Whether the change can be applied live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing changed that a patch could carry.
    Unchanged,
    /// It can.
    Patchable,
    /// It can, with risks that were accepted by name.
    Accepted,
    /// It cannot; the program must be restarted into the new build.
    RestartRequired,
}

/// Index into [`Plan::pieces`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceIndex(pub u32);

/// Where a piece goes in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// Executable.
    Code,
    /// Read-only data.
    Constant,
    /// Writable data.
    Variable,
    /// Unwind information and handler data; image-relative fields in it are relative to the
    /// payload's own base.
    Unwind,
}

/// A function or datum of the new build that the payload carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its symbol, unique in the payload.
    pub symbol: String,
    /// Where it goes.
    pub kind: PieceKind,
    /// Where the new image has it. Pieces are laid out in this order: tables of addresses in
    /// handler data rely on it.
    pub origin: Rva,
    /// Its bytes in the new image, with every fixed-up field set to zero.
    pub bytes: Vec<u8>,
    /// Alignment in bytes, a power of two.
    pub align: u32,
    /// Where it is above a multiple of `align`: not 0 where several objects lie in one piece,
    /// each with an alignment of its own.
    pub skew: u32,
    /// Fields that hold places, by ascending offset.
    pub fixups: Vec<Fixup>,
    /// Entries of the function table for code.
    pub unwind: Vec<UnwindEntry>,
    /// The variables in it, by ascending offset.
    pub members: Vec<Member>,
}

/// A variable that only the new build has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its symbol, unique in the payload; of the first one that of the piece.
    pub symbol: String,
    /// Offset in the piece in bytes.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
    /// A name by which it is the same variable in the next build; `None` where there is none.
    pub key: Option<String>,
    /// SHA-256 of its type as hex, see [`Types::digest`](crate::symbols::types::Types::digest).
    pub type_sha256: Option<String>,
    /// Whether it must stay right behind the one before it.
    pub glued: bool,
}

/// An entry of the function table: a range of a piece of code, and its unwind information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnwindEntry {
    /// Offset of the first byte in the piece.
    pub begin: u32,
    /// Offset of the first byte after the range.
    pub end: u32,
    /// The piece with the `UNWIND_INFO`.
    pub info: PieceIndex,
}

/// Index into [`Plan::imports`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportIndex(pub u32);

/// A field of a piece that holds a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixup {
    /// Offset of the field in bytes.
    pub at: u32,
    /// Form of the field.
    pub kind: FixupKind,
    /// The place, less `addend`.
    pub target: FixupTarget,
    /// Bytes to add to the place.
    pub addend: i32,
}

/// Form of a fixed-up field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixupKind {
    /// Signed 32-bit distance from the end of the instruction, which ends this many bytes
    /// after the field.
    Relative(u8),
    /// Absolute 64-bit address.
    Absolute,
    /// 32-bit distance from the base of the old module; in unwind information from that of
    /// the payload.
    ImageRelative,
}

impl FixupKind {
    /// Width of the field in bytes.
    pub fn width(self) -> u32 {
        match self {
            FixupKind::Relative(_) | FixupKind::ImageRelative => 4,
            FixupKind::Absolute => 8,
        }
    }
}

/// What a fixup leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixupTarget {
    /// A place in the old image.
    Old(Rva),
    /// Another piece of the payload.
    Piece(PieceIndex),
    /// A function that another module exports.
    Import(ImportIndex),
}

/// A function of the old build that is redirected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// In the old build.
    pub old: FunctionIndex,
    /// In the new build.
    pub new: FunctionIndex,
    /// The piece with the new code.
    pub piece: PieceIndex,
    /// What stands between the redirect and both versions.
    pub gate: Gate,
}

/// What a patch does, or why there is none.
#[derive(Debug)]
pub struct Plan {
    /// The verdict.
    pub status: Status,
    /// Every hazard and note.
    pub findings: Vec<Finding>,
    /// Codes of the risks that were found and accepted, ascending.
    pub accepted: Vec<&'static str>,
    /// Functions to redirect, by old address.
    pub replacements: Vec<Replacement>,
    /// What the payload carries.
    pub pieces: Vec<Piece>,
    /// What it needs of other modules that the old image does not import.
    pub imports: Vec<Import>,
    /// Functions that run around the patch.
    pub hooks: Vec<(Hook, PieceIndex)>,
    /// Functions that only the new build has, and of which the payload takes the address, so
    /// that the program may keep it.
    pub exposed: Vec<PieceIndex>,
    /// Functions of the old build that stay, and of which no thread may be inside when the patch
    /// is switched on: those of which another one of the same address is carried as a new one, and
    /// those that the new build does not have.
    pub watched: Vec<Watched>,
    /// Functions that stay: where everything is to be moved, those that can't be; else those
    /// that differ in nothing but the version and that the author leaves out.
    pub left_out: Vec<Checked>,
    /// What the bytes of both images belong to; `None` where nothing was compared.
    pub account: Option<Account>,
}

/// A function of the old build that stays, and of which no thread may be inside when the patch is
/// switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watched {
    /// In the old build.
    pub function: FunctionIndex,
    /// Whether its address is taken, so that a thread may be about to call it.
    pub addressed: bool,
}

impl Plan {
    /// A refusal for reasons found before anything was compared, or `None` where there is
    /// no such reason.
    pub fn refused(findings: Vec<Finding>) -> Option<Plan> {
        let refused = findings.iter().any(|f| f.rule.severity == Severity::Refuse);
        refused.then_some(Plan {
            status: Status::RestartRequired,
            findings,
            accepted: Vec::new(),
            replacements: Vec::new(),
            pieces: Vec::new(),
            imports: Vec::new(),
            hooks: Vec::new(),
            exposed: Vec::new(),
            watched: Vec::new(),
            left_out: Vec::new(),
            account: None,
        })
    }

    /// Plans the patch from one build to another. `accepted` holds the codes of risks that
    /// the release engineer accepts.
    pub fn new(old: &Program<'_>, new: &Program<'_>, diff: &Diff, accepted: &[String]) -> Plan {
        let mut closure = closure::Closure::new(old, new, diff);
        let mut replacements = Vec::new();
        let mut relays = relays::Relays::of(old);
        for change in &diff.functions.changed {
            hazards::of_old_function(&mut closure, change.old, change.new);
            let piece = closure.function(change.new);
            match entry::plan(old, change.old, &relays) {
                Ok(gate) => {
                    gate.relay.iter().for_each(|at| relays.take(*at));
                    replacements.push(Replacement {
                        old: change.old,
                        new: change.new,
                        piece,
                        gate,
                    });
                }
                Err(finding) => closure.findings.push(finding),
            }
        }
        // Two names of one address that changed in the same way need one redirect.
        replacements.dedup_by_key(|r| r.old);
        let mut hooks = hooks(&mut closure);
        closure.run();
        let aligned = alignment::findings(&closure);
        let moved = closure.join_overlaps();
        for piece in replacements
            .iter_mut()
            .map(|r| &mut r.piece)
            .chain(hooks.iter_mut().map(|(_, piece)| piece))
        {
            *piece = moved.piece(*piece);
        }
        let exposed = closure.exposed.into_iter().collect();
        let (pieces, imports, mut findings) = (closure.pieces, closure.imports, closure.findings);
        findings.extend(aligned);
        let mut watched = removed::collect(old, diff, &mut findings);
        let told_apart = diff.folded.told_apart.iter();
        watched.extend(told_apart.map(|pair| Watched {
            function: pair.old,
            addressed: false,
        }));
        watched.sort_unstable_by_key(|w| (w.function, !w.addressed));
        watched.dedup_by_key(|w| w.function);
        image_hazards::collect(old, new, (diff, &pieces), &mut findings);
        findings.extend(lost::findings(old, diff, &pieces, &findings));
        findings.extend(shrunk::findings(old, new, diff));
        findings.extend(arrays::findings(old, new, diff));
        findings.extend(coroutines::findings(old, new, diff));
        findings.extend(marks::findings(old, new, diff));
        toolchain::collect(old, new, diff, &mut findings);
        undescribed::collect(old, new, diff, &mut findings);
        profile::collect(old, new, diff, &mut findings);
        displaced::collect(old, new, diff, &mut findings);
        findings.extend(version::mixed(old, new, diff, &pieces));
        let left_out = version::left_out(old, diff);
        findings.extend(left_out.iter().flat_map(|c| c.findings.clone()));
        let account = Account::new(old, new, diff, &findings);
        findings.extend(account.findings());
        findings.sort_by(|a, b| (a.rule.code, &a.subject).cmp(&(b.rule.code, &b.subject)));
        findings.dedup();
        let (status, accepted) = verdict(&findings, accepted, diff);
        Plan {
            status,
            findings,
            accepted,
            replacements,
            pieces,
            imports,
            hooks,
            exposed,
            watched,
            left_out,
            account: Some(account),
        }
    }

    /// The risks that stand in the way and could be accepted, as codes.
    pub fn acceptable(&self) -> Vec<&'static str> {
        let mut codes: Vec<&'static str> = self
            .findings
            .iter()
            .filter(|f| f.rule.severity == Severity::Risk)
            .map(|f| f.rule.code)
            .filter(|c| !self.accepted.contains(c))
            .collect();
        codes.dedup();
        codes
    }
}

/// Carries the functions of the new build that have the names of hooks.
fn hooks(closure: &mut closure::Closure<'_>) -> Vec<(Hook, PieceIndex)> {
    let new = closure.new;
    let named = |hook: Hook| {
        let has_name = |f: &FunctionIndex| {
            let mut names = new.function(*f).names.iter();
            names.any(|n| {
                n.global && (n.name == hook.name() || n.linkage.as_deref() == Some(hook.name()))
            })
        };
        new.function_indices().find(has_name)
    };
    let found = Hook::ALL
        .into_iter()
        .filter_map(|hook| Some((hook, named(hook)?)));
    let found: Vec<(Hook, FunctionIndex)> = found.collect();
    found
        .into_iter()
        .map(|(hook, f)| (hook, closure.function(f)))
        .collect()
}

fn verdict(findings: &[Finding], accepted: &[String], diff: &Diff) -> (Status, Vec<&'static str>) {
    let is_accepted = |code: &str| accepted.iter().any(|a| a.eq_ignore_ascii_case(code));
    let mut used: Vec<&'static str> = Vec::new();
    let mut refused = false;
    for finding in findings {
        match finding.rule.severity {
            Severity::Refuse => refused = true,
            Severity::Risk if is_accepted(finding.rule.code) => used.push(finding.rule.code),
            Severity::Risk => refused = true,
            Severity::Note => {}
        }
    }
    used.dedup();
    let status = if refused {
        Status::RestartRequired
    } else if diff.functions.changed.is_empty() {
        Status::Unchanged
    } else if used.is_empty() {
        Status::Patchable
    } else {
        Status::Accepted
    };
    (status, used)
}
