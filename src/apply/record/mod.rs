//! The record: what a patch did to a process, kept in that process.
//!
//! It lies at the start of the patch's region and says everything that is needed to tell
//! what happened, to finish it, or to undo it, with no state anywhere else. A fixed
//! [header](Header) holds what changes; the [body](Body) is JSON, is written once, and is
//! guarded by its digest.
//!
//! The record tells what was *intended*. What *is*, is told by the byte that switches the
//! package and by the bytes at the entries: see [`survey`](super::survey).

mod body;
mod header;
#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};

use super::now_ms;
use super::target::{Target, TargetError};
use crate::addr::Va;
pub use body::{
    Body, CodePages, Function, FunctionTable, HookAt, PatchedModule, Protected, Site, VariableAt,
};
pub use header::{Header, Registration, Stage, VERSION};

/// Offset of the body from the start of the record in bytes.
pub const BODY: u64 = 0x100;

/// Largest body that is read, in bytes.
const MAX_BODY: u32 = 32 << 20;

/// Largest region that is believed, in bytes: no reachable one is larger.
const MAX_REGION: u64 = 1 << 31;

/// A record in a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it is: the start of the region.
    pub at: Va,
    /// What changes.
    pub header: Header,
    /// What was written once.
    pub body: Body,
}

/// Why there is no usable record where one was looked for.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The memory can't be read.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// There is none.
    #[error("no patch record at {0}")]
    Absent(Va),
    /// Another version of `hotpatch` wrote it.
    #[error("the patch record at {at} has version {found}, this hotpatch reads version {VERSION}")]
    Version {
        /// Where it is.
        at: Va,
        /// Its version.
        found: u32,
    },
    /// There are more than `hotpatch` ever leaves in a process.
    #[error("the patch record at {at} is one of too many to be looked at")]
    TooMany {
        /// Where it is.
        at: Va,
    },
    /// It is damaged, or its patch died before it was complete.
    #[error("the patch record at {at} is incomplete or damaged")]
    Damaged {
        /// Where it is.
        at: Va,
    },
}

impl Record {
    /// The bytes of header and body.
    ///
    /// # Errors
    /// Where the body is larger than any reader would accept.
    pub fn encode(header: &Header, body: &Body) -> Result<Vec<u8>, serde_json::Error> {
        let json = serde_json::to_vec(body)?;
        if json.len() > MAX_BODY as usize {
            return Err(serde::ser::Error::custom("too many functions"));
        }
        let mut bytes = header.encode(json.len() as u32, Sha256::digest(&json).into());
        bytes.extend_from_slice(&json);
        Ok(bytes)
    }

    /// Reads the record at `at`.
    ///
    /// # Errors
    /// Where there is none, or none that can be trusted.
    pub fn read<T: Target + ?Sized>(target: &T, at: Va) -> Result<Record, RecordError> {
        let mut bytes = [0; BODY as usize];
        target.read(at, &mut bytes)?;
        let (header, body_len, digest) = Header::decode(&bytes, at)?;
        let room = header.region_size.saturating_sub(BODY);
        let is_credible = header.region_size <= MAX_REGION && u64::from(body_len) <= room;
        if body_len == 0 || body_len > MAX_BODY || !is_credible {
            return Err(RecordError::Damaged { at });
        }
        let json = target.read_vec(Va(at.0 + BODY), body_len as usize)?;
        if Sha256::digest(&json)[..] != digest {
            return Err(RecordError::Damaged { at });
        }
        let body: Body = serde_json::from_slice(&json).map_err(|_| RecordError::Damaged { at })?;
        if !body.is_sound(at, header.region_size) {
            return Err(RecordError::Damaged { at });
        }
        Ok(Record { at, header, body })
    }

    /// First address after the region.
    pub fn end(&self) -> Va {
        Va(self.at.0.saturating_add(self.header.region_size))
    }

    /// Where the byte is that switches the package.
    pub fn active_at(&self) -> Va {
        active_at(self.at)
    }

    /// Where the call block is.
    pub fn call_block(&self) -> Va {
        Va(self.at.0 + header::CALL_BLOCK)
    }

    /// Whether the package is switched on, read anew.
    ///
    /// # Errors
    /// Where the byte can't be read.
    pub fn is_active<T: Target + ?Sized>(&self, target: &T) -> Result<bool, TargetError> {
        let mut byte = [0];
        target.read(self.active_at(), &mut byte)?;
        Ok(byte[0] != 0)
    }

    /// Switches the package: one write of one byte.
    ///
    /// # Errors
    /// Where the byte can't be written.
    pub fn set_active<T: Target + ?Sized>(
        &self,
        target: &T,
        active: bool,
    ) -> Result<(), TargetError> {
        target.write(self.active_at(), &[u8::from(active)])
    }

    /// Notes how far the patch has come.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn set_stage<T: Target + ?Sized>(
        &mut self,
        target: &T,
        stage: Stage,
    ) -> Result<(), TargetError> {
        self.header.stage = stage;
        target.write(Va(self.at.0 + header::STAGE), &stage.number().to_le_bytes())
    }

    /// Notes that the patch is switched on, and since when (milliseconds since 1970).
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn commit<T: Target + ?Sized>(
        &mut self,
        target: &T,
        applied_at_ms: u64,
    ) -> Result<(), TargetError> {
        self.header.applied_at_ms = applied_at_ms;
        target.write(
            Va(self.at.0 + header::APPLIED_AT),
            &applied_at_ms.to_le_bytes(),
        )?;
        self.set_stage(target, Stage::Committed)
    }

    /// Notes whether the unwind table is registered.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn set_registered<T: Target + ?Sized>(
        &mut self,
        target: &T,
        registered: Registration,
    ) -> Result<(), TargetError> {
        self.header.registered = registered;
        target.write(
            Va(self.at.0 + header::REGISTERED),
            &registered.number().to_le_bytes(),
        )
    }
}

/// Notes in the record at `record` that the process is about to be frozen, and when, or that
/// it runs again.
///
/// # Errors
/// Where it can't be written.
pub fn set_frozen<T: Target + ?Sized>(
    target: &T,
    record: Va,
    frozen: bool,
) -> Result<(), TargetError> {
    let at = Va(record.0 + header::FROZEN);
    target.write(at, &header::frozen(frozen, now_ms()))
}

/// Where the byte is that switches the package whose record is at `record`.
pub fn active_at(record: Va) -> Va {
    Va(record.0 + header::ACTIVE)
}
