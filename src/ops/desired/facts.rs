//! What was seen of a process. Whoever looks at processes fills this in, and decides nothing.

use crate::moment::Moment;

/// What was seen of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessFacts {
    /// Process id.
    pub pid: u32,
    /// PID and time of creation, as files write them.
    pub name: String,
    /// When it was created; the first moment of 1970 where that isn't known.
    pub started: Moment,
    /// Path of its program.
    pub image: String,
    /// Names of the services that it runs.
    pub services: Vec<String>,
    /// Those of its modules that packages of the store are for.
    pub modules: Vec<ModuleFacts>,
    /// The patches that are in it.
    pub patches: Vec<PatchFacts>,
}

/// A module of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleFacts {
    /// File name.
    pub name: String,
    /// Which build is in memory; `None` where its headers can't be read, or are none.
    pub build: Option<Build>,
    /// What its file is by now; `None` where it can't be read.
    pub file: Option<FileFacts>,
}

/// What identifies a build of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// `IMAGE_FILE_HEADER.TimeDateStamp`.
    pub time_date_stamp: u32,
    /// `SizeOfImage` in bytes.
    pub size_of_image: u32,
    /// GUID (registry form, upper case) and age of the PDB, where there is one.
    pub pdb: Option<(String, u32)>,
}

/// What a file is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFacts {
    /// SHA-256 of the file as hex.
    pub sha256: String,
    /// Its Authenticode digest (SHA-256) as hex, where it has one.
    pub authenticode: Option<String>,
    /// Which build it is, where it is an image.
    pub build: Option<Build>,
}

/// A patch in a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchFacts {
    /// Its id.
    pub id: String,
    /// SHA-256 of its package file as hex.
    pub sha256: String,
    /// SHA-256 of everything before the signatures of its package as hex, where the process knows.
    pub content_sha256: Option<String>,
    /// The product that its line of patches is for, where the process knows.
    pub product: Option<String>,
    /// File name of the module that it changes.
    pub module: String,
    /// SHA-256 of the package files of those that it replaced as hex.
    pub over: Vec<String>,
    /// What it does right now.
    pub effect: Effect,
    /// Whether the process stands still because of it.
    pub frozen: bool,
    /// When it was switched on.
    pub applied: Moment,
}

/// What a patch does right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Every call runs its code.
    Active,
    /// Every call runs the code of a patch that replaced it.
    Replaced,
    /// An operation that was interrupted left it, and old code runs.
    LeftOver,
    /// Nothing leads to it: it was taken out, or its module was.
    Gone,
    /// Something else has changed what leads to it.
    Torn,
}

impl ProcessFacts {
    /// File name of its program.
    pub fn program(&self) -> &str {
        self.image.rsplit(['\\', '/']).next().unwrap_or_default()
    }

    /// The patch of a package, where it has an effect.
    pub fn patch(&self, sha256: &str) -> Option<&PatchFacts> {
        let live = |p: &&PatchFacts| matches!(p.effect, Effect::Active | Effect::Replaced);
        let mut patches = self.patches.iter().filter(live);
        patches.find(|p| p.sha256 == sha256)
    }

    /// Whether the patch of a package is active.
    pub fn runs(&self, sha256: &str) -> bool {
        self.patch(sha256)
            .is_some_and(|p| p.effect == Effect::Active)
    }

    /// Whether an operation that was interrupted left something here.
    pub fn was_interrupted(&self) -> bool {
        let left = |p: &PatchFacts| p.frozen || p.effect == Effect::LeftOver;
        self.patches.iter().any(left)
    }
}
