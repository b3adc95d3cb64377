//! What the process lets be done to it.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::{
    ADD_TABLE, Allocation, DELETE_TABLE, Fake, GET_ADDRESS, LOAD_DLL, Loader, NOTHING, NTDLL, PAGE,
    TOP, failed,
};
use crate::addr::Va;
use crate::apply::target::{
    Census, Identity, Mitigations, Module, Protection, Region, Target, TargetError, Usage,
};

impl Target for Fake {
    type Lock = ();

    fn lock(&self) -> Result<(), TargetError> {
        Ok(())
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn is_x64(&self) -> Result<bool, TargetError> {
        Ok(self.x64.get())
    }

    fn mitigations(&self) -> Mitigations {
        self.mitigations.get()
    }

    fn modules(&self) -> Result<Vec<Module>, TargetError> {
        self.step()?;
        Ok(self.modules.borrow().clone())
    }

    fn module_file(&self, module: &Module, _: u64) -> std::io::Result<Vec<u8>> {
        std::fs::read(&module.path)
    }

    fn read(&self, at: Va, buffer: &mut [u8]) -> Result<(), TargetError> {
        self.step()?;
        self.longest_read
            .set(self.longest_read.get().max(buffer.len()));
        self.with(at, buffer.len(), |a, i| {
            buffer.copy_from_slice(&a.bytes[i..i + buffer.len()]);
        })
        .ok_or_else(|| failed("read"))
    }

    fn write(&self, at: Va, bytes: &[u8]) -> Result<(), TargetError> {
        self.step()?;
        self.with(at, bytes.len(), |a, i| {
            let pages = i / PAGE as usize..(i + bytes.len()).div_ceil(PAGE as usize);
            let writable = a.protection[pages].iter().all(|p| p.writable());
            let writable = writable && !self.read_only.get();
            writable.then(|| a.bytes[i..i + bytes.len()].copy_from_slice(bytes))
        })
        .flatten()
        .ok_or_else(|| failed("write"))
    }

    fn region(&self, at: Va) -> Result<Option<Region>, TargetError> {
        self.step()?;
        if at.0 >= TOP {
            return Ok(None);
        }
        let memory = self.memory.borrow();
        let below = memory.range(..=at.0).next_back();
        if let Some((base, a)) = below
            && at.0 < base + a.bytes.len() as u64
        {
            let index = ((at.0 - base) / PAGE) as usize;
            let same = |i: &usize| a.protection[*i] == a.protection[index];
            let count = (index..a.protection.len()).take_while(same).count();
            return Ok(Some(Region {
                base: Va(base + index as u64 * PAGE),
                size: count as u64 * PAGE,
                allocation: Va(*base),
                usage: a.usage,
                protection: a.protection[index],
            }));
        }
        let from = at.0 & !(PAGE - 1);
        let to = memory.range(at.0..).next().map_or(TOP, |(base, _)| *base);
        Ok(Some(Region {
            base: Va(from),
            size: to - from,
            allocation: Va(from),
            usage: Usage::Free,
            protection: Protection::NONE,
        }))
    }

    fn allocate(&self, at: Va, size: u64) -> Result<(), TargetError> {
        self.step()?;
        assert!(at.0.is_multiple_of(0x1_0000) && size.is_multiple_of(PAGE) && size > 0);
        let clash = self
            .memory
            .borrow()
            .range(..at.0 + size)
            .next_back()
            .is_some_and(|(base, a)| base + a.bytes.len() as u64 > at.0);
        if clash {
            return Err(failed("allocate"));
        }
        self.memory.borrow_mut().insert(
            at.0,
            Allocation {
                bytes: vec![0; size as usize],
                protection: vec![Protection::READ_WRITE; (size / PAGE) as usize],
                usage: Usage::Private,
            },
        );
        Ok(())
    }

    fn anywhere(&self) -> u64 {
        self.anywhere.get()
    }

    fn free(&self, at: Va) -> Result<(), TargetError> {
        self.step()?;
        let gone = self.memory.borrow_mut().remove(&at.0);
        let gone = gone.ok_or_else(|| failed("free"))?;
        let end = at.0 + gone.bytes.len() as u64;
        let inside = |a: &u64| (at.0..end).contains(a);
        assert!(
            !self.tables.borrow().iter().any(inside),
            "table left behind"
        );
        for thread in self.threads.borrow().iter() {
            assert!(!inside(&thread.registers.rip), "thread left behind");
        }
        Ok(())
    }

    fn protect(&self, at: Va, size: u64, to: Protection) -> Result<(), TargetError> {
        self.step()?;
        assert!(at.0.is_multiple_of(PAGE) && size.is_multiple_of(PAGE) && size > 0);
        assert!(
            !(to.executable() && to.writable()),
            "writable and executable"
        );
        self.with(at, size as usize, |a, i| {
            let held = self.held.get() > 0 || to.executable() || a.usage != Usage::Mapped;
            assert!(
                held,
                "code that cannot run, and a target that may go by itself"
            );
            let first = i / PAGE as usize;
            let to = Protection(to.0 & !Protection::KEEP_TARGETS);
            a.protection[first..first + (size / PAGE) as usize].fill(to);
        })
        .ok_or_else(|| failed("protect"))
    }

    fn flush_code(&self, _: Va, _: u64) -> Result<(), TargetError> {
        self.step()
    }

    fn call(&self, entry: Va, block: Va, _: Duration) -> Result<u32, TargetError> {
        self.step()?;
        assert_eq!(self.frozen.get(), 0, "a call into a frozen process hangs");
        std::thread::sleep(self.call_takes.get());
        assert!(self.protection(entry).executable());
        let words: Vec<u64> = self
            .peek(block, 40)
            .as_chunks::<8>()
            .0
            .iter()
            .map(|w| u64::from_le_bytes(*w))
            .collect();
        let mut tables = self.tables.borrow_mut();
        match words[0] {
            f if f == NTDLL.0 + u64::from(ADD_TABLE) => tables.push(words[1]),
            f if f == NTDLL.0 + u64::from(NOTHING) => {
                self.zombie.take().into_iter().for_each(|at| {
                    self.poke(at, &[0; 8]);
                })
            }
            f if f == NTDLL.0 + u64::from(DELETE_TABLE) => tables.retain(|t| *t != words[1]),
            f if f == NTDLL.0 + u64::from(LOAD_DLL) || f == NTDLL.0 + u64::from(GET_ADDRESS) => {
                let status = match self.loader.get() {
                    Loader::Works => 0,
                    Loader::FindsNothing => 0xc000_0135,
                    Loader::Hangs => {
                        return Err(TargetError::MayStillRun(ErrorKind::TimedOut.into()));
                    }
                };
                self.poke(Va(words[4]), &0x7ff9_0000_1000u64.to_le_bytes());
                self.poke(Va(block.0 + 40), &u64::to_le_bytes(status));
                return Ok(status as u32);
            }
            f => {
                let Some(answer) = self.hook.get() else {
                    panic!("call of {f:#x}");
                };
                if let Some(place) = self.hook_leaves.get() {
                    self.poke(place, &f.to_le_bytes());
                }
                self.poke(Va(block.0 + 40), &answer.to_le_bytes());
                return Ok(answer as u32);
            }
        }
        self.poke(Va(block.0 + 40), &1u64.to_le_bytes());
        Ok(1)
    }

    fn arm(&self, record: Va, _: Duration) -> Result<(), TargetError> {
        self.step()?;
        self.armed.set(Some(record));
        Ok(())
    }

    fn disarm(&self) {
        self.armed.set(None);
    }

    fn is_frozen(&self, _: u64) -> Option<bool> {
        Some(self.frozen.get() > 0)
    }

    fn resume(&self) -> Result<(), TargetError> {
        self.held.set(0);
        self.thaw()
    }

    fn freeze(&self) -> Result<Instant, TargetError> {
        self.step()?;
        assert!(self.armed.get().is_some(), "frozen without a watchdog");
        assert_eq!(self.frozen.get(), 0);
        self.frozen.set(1);
        Ok(Instant::now())
    }

    fn hold(&self) -> Result<(), TargetError> {
        self.step()?;
        self.held.set(self.held.get() + 1);
        Ok(())
    }

    fn let_go(&self) -> Result<(), TargetError> {
        self.step()?;
        self.held.set(self.held.get() - 1);
        Ok(())
    }

    fn thaw(&self) -> Result<(), TargetError> {
        self.step()?;
        if let Some(less) = self.stays_frozen.get().checked_sub(1) {
            self.stays_frozen.set(less);
            return Err(failed("thaw"));
        }
        assert_eq!(self.frozen.get(), 1);
        self.frozen.set(0);
        self.held.set(0);
        if !self.unchecked.get() {
            self.version();
        }
        Ok(())
    }

    fn census(&self, _: &dyn Fn() -> bool) -> Result<Census, TargetError> {
        self.step()?;
        assert_eq!(self.frozen.get(), 1);
        self.censuses.set(self.censuses.get() + 1);
        if let Some(mut change) = self.on_census.take() {
            change(self, self.censuses.get());
            self.on_census.replace(Some(change));
        }
        Ok(Census::Complete(self.threads.borrow().clone()))
    }
}
