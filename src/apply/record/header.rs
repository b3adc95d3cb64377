//! The header of a record: 256 bytes, little endian.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0x00 | 8 | magic |
//! | 0x08 | 4 | version |
//! | 0x0c | 4 | length of the body in bytes |
//! | 0x10 | 8 | size of the region in bytes |
//! | 0x18 | 32 | SHA-256 of the body |
//! | 0x40 | 1 | the byte that switches the package, in a cache line that is rarely written |
//! | 0x80 | 4 | stage |
//! | 0x84 | 4 | 0 where the unwind table is not registered, 1 where it may be, 2 where it is |
//! | 0x88 | 8 | when the patch was applied, in milliseconds since 1970 |
//! | 0x90 | 4 | 1 where a patcher has frozen the process, or is about to |
//! | 0x98 | 8 | since when, in milliseconds since 1970 |
//! | 0xc0 | 48 | call block of `__hotpatch_call` |

use super::{BODY, RecordError};
use crate::addr::Va;

/// Version of the record that this build reads and writes.
pub const VERSION: u32 = 1;

/// First bytes of every record. No text, so that no copy of this program's own constants
/// or of a log is taken for one: it must also be at the start of an allocation.
pub(crate) const MAGIC: [u8; 8] = *b"\x8fHPREC\r\n";

pub(super) const ACTIVE: u64 = 0x40;
pub(super) const STAGE: u64 = 0x80;
pub(super) const REGISTERED: u64 = 0x84;
pub(super) const APPLIED_AT: u64 = 0x88;
pub(super) const FROZEN: u64 = 0x90;
pub(super) const CALL_BLOCK: u64 = 0xc0;

/// How far a patch has come. Says what was being done when a patcher died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// In the target's memory; no old code can reach it.
    Placed,
    /// Entries are being redirected.
    Installing,
    /// Switched on.
    Committed,
    /// Being taken out.
    Reverting,
    /// All entries are as they were; the memory is about to be freed.
    Restored,
}

impl Stage {
    pub(super) fn number(self) -> u32 {
        match self {
            Stage::Placed => 1,
            Stage::Installing => 2,
            Stage::Committed => 3,
            Stage::Reverting => 4,
            Stage::Restored => 5,
        }
    }

    fn from_number(number: u32) -> Option<Self> {
        [
            Stage::Placed,
            Stage::Installing,
            Stage::Committed,
            Stage::Reverting,
            Stage::Restored,
        ]
        .into_iter()
        .find(|s| s.number() == number)
    }
}

/// Whether the payload's unwind table is registered in the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// It is not.
    No,
    /// It is being registered or taken out, or whoever did that has died.
    Perhaps,
    /// It is.
    Yes,
}

impl Registration {
    pub(super) fn number(self) -> u32 {
        match self {
            Registration::No => 0,
            Registration::Perhaps => 1,
            Registration::Yes => 2,
        }
    }

    fn from_number(number: u32) -> Self {
        match number {
            0 => Registration::No,
            2 => Registration::Yes,
            _ => Registration::Perhaps,
        }
    }
}

/// What changes while a patch is in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Size of the whole region in bytes.
    pub region_size: u64,
    /// Whether the package was switched on when the record was read.
    pub active: bool,
    /// How far it has come.
    pub stage: Stage,
    /// Whether the unwind table is registered.
    pub registered: Registration,
    /// When it was applied, in milliseconds since 1970.
    pub applied_at_ms: u64,
    /// Whether a patcher has frozen the process, or is about to.
    pub frozen: bool,
    /// Since when, in milliseconds since 1970.
    pub frozen_at_ms: u64,
}

/// The field at [`FROZEN`] and the one that follows, so that they are written at once.
pub(super) fn frozen(frozen: bool, at_ms: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[0] = u8::from(frozen);
    bytes[8..].copy_from_slice(&at_ms.to_le_bytes());
    bytes
}

impl Header {
    pub(super) fn encode(&self, body_len: u32, digest: [u8; 32]) -> Vec<u8> {
        let mut bytes = vec![0; BODY as usize];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(0xc, &body_len.to_le_bytes());
        put(0x10, &self.region_size.to_le_bytes());
        put(0x18, &digest);
        put(ACTIVE as usize, &[u8::from(self.active)]);
        put(STAGE as usize, &self.stage.number().to_le_bytes());
        put(REGISTERED as usize, &self.registered.number().to_le_bytes());
        put(APPLIED_AT as usize, &self.applied_at_ms.to_le_bytes());
        put(FROZEN as usize, &frozen(self.frozen, self.frozen_at_ms));
        bytes
    }

    /// The header, the length of the body in bytes and its digest.
    pub(super) fn decode(
        bytes: &[u8; BODY as usize],
        at: Va,
    ) -> Result<(Header, u32, [u8; 32]), RecordError> {
        let u32_at = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|k| bytes[i + k]));
        let u64_at = |i: usize| u64::from(u32_at(i)) | u64::from(u32_at(i + 4)) << 32;
        if bytes[..8] != MAGIC {
            return Err(RecordError::Absent(at));
        }
        if u32_at(8) != VERSION {
            return Err(RecordError::Version {
                at,
                found: u32_at(8),
            });
        }
        let stage =
            Stage::from_number(u32_at(STAGE as usize)).ok_or(RecordError::Damaged { at })?;
        let header = Header {
            region_size: u64_at(0x10),
            active: bytes[ACTIVE as usize] != 0,
            stage,
            registered: Registration::from_number(u32_at(REGISTERED as usize)),
            applied_at_ms: u64_at(APPLIED_AT as usize),
            frozen: u32_at(FROZEN as usize) != 0,
            frozen_at_ms: u64_at(FROZEN as usize + 8),
        };
        let mut digest = [0; 32];
        digest.copy_from_slice(&bytes[0x18..0x38]);
        Ok((header, u32_at(0xc), digest))
    }
}
