//! Which versions of patched modules are loaded, and which are on disk by now.
//!
//! An update that waits for a restart has replaced the file; what is in memory, and was patched,
//! still says the version that it was loaded with.

use std::collections::BTreeMap;

use super::loaded;
use super::survey::Survey;
use super::target::{LARGEST_FILE, Module, Target};
use crate::addr::Va;
use crate::image::{Image, VersionInfo};

/// What version resources say of a module, as a person is shown it; `None` where there is none
/// that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleVersions {
    /// In memory.
    pub loaded: Option<String>,
    /// In the file from which the module was loaded, as it is now.
    pub on_disk: Option<String>,
}

/// The versions of all modules that patches change, by base.
pub fn of<T: Target + ?Sized>(target: &T, survey: &Survey) -> BTreeMap<Va, ModuleVersions> {
    let patched = |base: Va| {
        let mut patches = survey.patches.iter();
        patches.any(|p| p.record.body.module.base == base)
    };
    let modules = target.modules().unwrap_or_default();
    let modules = modules.into_iter().filter(|m| patched(m.base));
    let versions = modules.map(|module| {
        let loaded = loaded::version(target, &module);
        let versions = ModuleVersions {
            loaded: loaded.as_ref().map(VersionInfo::shown),
            on_disk: on_disk(target, &module),
        };
        (module.base, versions)
    });
    versions.collect()
}

fn on_disk<T: Target + ?Sized>(target: &T, module: &Module) -> Option<String> {
    let bytes = target.module_file(module, LARGEST_FILE).ok()?;
    let version = Image::parse(&bytes).ok()?.version()?;
    Some(version.shown())
}
