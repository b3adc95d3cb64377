//! A process whose memory is what an input says: one module, and private regions.

use std::io;
use std::time::{Duration, Instant};

use hotpatch::addr::Va;
use hotpatch::apply::target::{
    Census, Identity, Mitigations, Module, Protection, Region, Target, TargetError, Thread, Usage,
};

/// Where the module is.
pub const MODULE: u64 = 0x1_4000_0000;
/// Where the first private region is; the others follow.
pub const PRIVATE: u64 = 0x1_5000_0000;
/// Size of a private region in bytes, except for that of the last.
pub const REGION: u64 = 0x4000;

/// It can be read and nothing else.
pub struct Process {
    identity: Identity,
    parts: Vec<(u64, Vec<u8>, Usage)>,
}

impl Process {
    /// A process with this module and this private memory, both in whole pages, the latter in
    /// regions of [`REGION`] bytes.
    pub fn new(mut module: Vec<u8>, mut private: Vec<u8>) -> Self {
        for part in [&mut module, &mut private] {
            part.resize(part.len().next_multiple_of(0x1000).max(0x1000), 0);
        }
        let regions = private
            .chunks(REGION as usize)
            .zip((PRIVATE..).step_by(REGION as usize));
        let regions = regions.map(|(bytes, at)| (at, bytes.to_vec(), Usage::Private));
        Process {
            identity: Identity {
                pid: 4,
                created: 1,
                image: r"C:\app.exe".into(),
            },
            parts: std::iter::once((MODULE, module, Usage::Mapped))
                .chain(regions)
                .collect(),
        }
    }

    /// The module.
    pub fn module(&self) -> Module {
        Module {
            name: "app.exe".into(),
            path: r"C:\app.exe".into(),
            base: Va(MODULE),
            size: self.parts[0].1.len() as u32,
        }
    }
}

fn refused(action: &'static str) -> TargetError {
    TargetError::System {
        action,
        source: io::Error::other("it can only be read"),
    }
}

impl Target for Process {
    type Lock = ();

    fn lock(&self) -> Result<(), TargetError> {
        Ok(())
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn is_x64(&self) -> Result<bool, TargetError> {
        Ok(true)
    }

    fn mitigations(&self) -> Mitigations {
        Mitigations::default()
    }

    fn modules(&self) -> Result<Vec<Module>, TargetError> {
        Ok(vec![self.module()])
    }

    fn module_file(&self, _: &Module, _: u64) -> io::Result<Vec<u8>> {
        Err(io::Error::other("there is none"))
    }

    fn read(&self, at: Va, buffer: &mut [u8]) -> Result<(), TargetError> {
        let found = self.parts.iter().find_map(|(start, bytes, _)| {
            let offset = usize::try_from(at.0.checked_sub(*start)?).ok()?;
            bytes.get(offset..offset.checked_add(buffer.len())?)
        });
        let Some(bytes) = found else {
            return Err(TargetError::Memory {
                action: "read",
                at,
                size: buffer.len() as u64,
                source: io::Error::other("there is nothing"),
            });
        };
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write(&self, _: Va, _: &[u8]) -> Result<(), TargetError> {
        Err(refused("write"))
    }

    fn region(&self, at: Va) -> Result<Option<Region>, TargetError> {
        let page = at.0 & !0xfff;
        for (start, bytes, usage) in &self.parts {
            let end = start + bytes.len() as u64;
            if page >= end {
                continue;
            }
            let inside = page >= *start;
            return Ok(Some(Region {
                base: Va(page),
                size: if inside { end } else { *start } - page,
                allocation: Va(if inside { *start } else { page }),
                usage: if inside { *usage } else { Usage::Free },
                protection: match usage {
                    _ if !inside => Protection::NONE,
                    Usage::Private => Protection::READ_WRITE,
                    _ => Protection::EXECUTE_READ,
                },
            }));
        }
        Ok(None)
    }

    fn allocate(&self, _: Va, _: u64) -> Result<(), TargetError> {
        Err(refused("allocate"))
    }

    fn anywhere(&self) -> u64 {
        0
    }

    fn free(&self, _: Va) -> Result<(), TargetError> {
        Err(refused("free"))
    }

    fn protect(&self, _: Va, _: u64, _: Protection) -> Result<(), TargetError> {
        Err(refused("protect"))
    }

    fn flush_code(&self, _: Va, _: u64) -> Result<(), TargetError> {
        Err(refused("flush"))
    }

    fn call(&self, _: Va, _: Va, _: Duration) -> Result<u32, TargetError> {
        Err(refused("call"))
    }

    fn arm(&self, _: Va, _: Duration) -> Result<(), TargetError> {
        Err(refused("arm"))
    }

    fn disarm(&self) {}

    fn is_frozen(&self, _: u64) -> Option<bool> {
        Some(true)
    }

    fn resume(&self) -> Result<(), TargetError> {
        Err(refused("resume"))
    }

    fn freeze(&self) -> Result<Instant, TargetError> {
        Err(refused("freeze"))
    }

    fn thaw(&self) -> Result<(), TargetError> {
        Ok(())
    }

    fn hold(&self) -> Result<(), TargetError> {
        Err(refused("hold"))
    }

    fn let_go(&self) -> Result<(), TargetError> {
        Ok(())
    }

    fn census(&self, _: &dyn Fn() -> bool) -> Result<Census, TargetError> {
        let threads: Vec<Thread> = Vec::new();
        Ok(Census::Complete(threads))
    }
}
