//! The item stream: which function an `_ID` record means.

use pdb::{PDB, Source, StreamIndex};

use super::Types;

/// The item stream's fixed number (LLVM, "The PDB File Format: Streams").
const IPI_STREAM: StreamIndex = StreamIndex(4);

impl Types {
    /// The records of a PDB's item stream; none where it has no such stream.
    pub(super) fn items<'s, S: Source<'s> + 's>(file: &mut PDB<'s, S>) -> Types {
        match file.raw_stream(IPI_STREAM) {
            Ok(Some(stream)) => Types::parse(stream.as_slice()).unwrap_or_default(),
            _ => Types::default(),
        }
    }
}
