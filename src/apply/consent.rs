//! What is asked once more right before each attempt to switch.
//!
//! An attempt may wait for a quiet moment for long, and there may be many processes: a package
//! that was allowed when the command began may be revoked, expired or overtaken by then.

use std::any::Any;
use std::fmt;

use super::record::Body;
use crate::package::{Denial, Package};

/// Code that is about to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// SHA-256 of the package file as hex.
    pub sha256: String,
    /// SHA-256 of everything before its signatures as hex, where that is known.
    pub content_sha256: Option<String>,
}

impl Incoming {
    /// The code of a package.
    pub fn of_package(package: &Package) -> Self {
        Incoming {
            sha256: package.sha256_hex(),
            content_sha256: Some(package.content_sha256_hex()),
        }
    }

    /// The code of a patch that is in the target.
    pub fn of(body: &Body) -> Self {
        Incoming {
            sha256: body.package_sha256.clone(),
            content_sha256: body.content_sha256.clone(),
        }
    }
}

/// What was decided holds for as long as this lives: until the attempt has ended.
pub type Hold = Box<dyn Any>;

type Ask<'a> = dyn Fn(&[Incoming]) -> Result<Hold, Denial> + 'a;

/// Whom to ask.
#[derive(Clone, Copy)]
pub struct Consent<'a>(pub &'a Ask<'a>);

impl fmt::Debug for Consent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Consent")
    }
}

/// A question that is to be asked before the target is stopped.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Whom.
    pub consent: Consent<'a>,
    /// The code that would run.
    pub incoming: &'a [Incoming],
}

impl Question<'_> {
    /// Asks it.
    ///
    /// # Errors
    /// Why the code may not run.
    pub fn ask(&self) -> Result<Hold, Denial> {
        (self.consent.0)(self.incoming)
    }
}
