//! The account of all differences, in numbers.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::account::{Account, Bytes, Unexplained};
use crate::addr::Rva;

/// What every byte of both images belongs to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccountReport {
    /// Bytes of the old file.
    pub old: BytesReport,
    /// Bytes of the new file.
    pub new: BytesReport,
    /// How many differences there are that nothing accounts for.
    pub unexplained_count: usize,
    /// Where they are; of many only the first.
    pub unexplained: Vec<UnexplainedReport>,
}

/// Bytes of one file by what they belong to; together they are the whole file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BytesReport {
    /// The same in both builds, byte for byte.
    pub shared: u64,
    /// The same in both builds but for the addresses in them.
    pub moved: u64,
    /// Functions of the patch, and data that only these use.
    pub in_patch: u64,
    /// Functions that differ in nothing but the version and that the author leaves out, with
    /// the texts that differ in it.
    pub left_out: u64,
    /// What a list or another finding of the report names: added and removed functions and
    /// data, variables with another initial value.
    pub reported: u64,
    /// Between functions, data and sections.
    pub padding: u64,
    /// Headers, tables of the linker, debug information, signatures.
    pub metadata: u64,
    /// None of these.
    pub unexplained: u64,
}

/// A difference that nothing accounts for; HP310 or HP311 says what it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnexplainedReport {
    /// Address in the old image; null where it has none there.
    pub old_rva: Option<Rva>,
    /// Address in the new image; null where it has none there.
    pub new_rva: Option<Rva>,
    /// What lies there and around it.
    pub detail: String,
}

impl AccountReport {
    /// The report of an account.
    pub fn new(account: &Account) -> Self {
        let unexplained = |u: &Unexplained| UnexplainedReport {
            old_rva: u.old,
            new_rva: u.new,
            detail: u.detail.clone(),
        };
        AccountReport {
            old: BytesReport::new(&account.old),
            new: BytesReport::new(&account.new),
            unexplained_count: account.count,
            unexplained: account.unexplained.iter().map(unexplained).collect(),
        }
    }

    /// For a person, one line; nothing where every difference is accounted for.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.unexplained_count == 0 {
            return text;
        }
        let (bytes, count) = (
            self.old.unexplained.max(self.new.unexplained),
            self.unexplained_count,
        );
        let _ = writeln!(text, "\nNot accounted for: {bytes} bytes at {count} places");
        text
    }
}

impl BytesReport {
    fn new(bytes: &Bytes) -> Self {
        BytesReport {
            shared: bytes.shared,
            moved: bytes.moved,
            in_patch: bytes.in_patch,
            left_out: bytes.left_out,
            reported: bytes.reported,
            padding: bytes.padding,
            metadata: bytes.metadata,
            unexplained: bytes.unexplained,
        }
    }
}
