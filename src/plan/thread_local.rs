//! Where a thread-local variable of the new build is in the TLS blocks of running threads.

use super::Hazard;
use super::closure::Closure;
use crate::addr::Rva;
use crate::diff::ThreadLocalPairs;
use crate::finding::rules::code;

impl Closure<'_> {
    /// The offset into the old TLS block that means what `offset` means in the new one: threads
    /// that run have blocks of the old layout.
    ///
    /// # Errors
    /// Where there is no such variable in the old build, or which it is cannot be told.
    pub(super) fn old_thread_local(&self, offset: Rva, is_address: bool) -> Result<u32, Hazard> {
        if self.diff.is_identity() {
            return Ok(offset.0);
        }
        let found = self.thread_local_pairs().old_offset(offset, is_address);
        found.map_err(|reason| (&code::THREAD_LOCAL, reason))
    }

    /// Whether every offset into the TLS block means the same in both builds.
    pub(super) fn has_same_thread_locals(&self) -> bool {
        self.diff.is_identity() || self.thread_local_pairs().is_same_layout()
    }

    fn thread_local_pairs(&self) -> &ThreadLocalPairs<'_> {
        let made = || ThreadLocalPairs::new(self.old, self.new, &self.diff.keys);
        self.thread_locals.get_or_init(made)
    }
}
