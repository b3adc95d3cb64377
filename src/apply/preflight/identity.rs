//! Is the image that the package was built for loaded?

use crate::apply::loaded;
use crate::apply::target::{LARGEST_FILE, Module, Target, TargetError};
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::image::authenticode;
use crate::package::manifest::{Manifest, TargetImage};

/// The module that the manifest names, if it is the right build.
pub(super) fn find<T: Target>(
    target: &T,
    manifest: &Manifest,
    findings: &mut Vec<Finding>,
) -> Result<Option<Module>, TargetError> {
    let wanted = &manifest.target;
    let modules = target.modules()?;
    let named: Vec<&Module> = modules
        .iter()
        .filter(|m| m.is_called(&wanted.file_name))
        .collect();
    let mut compared = Vec::new();
    for module in named {
        compared.push((module, differences(target, wanted, module)?));
    }
    // Of several modules of that name, such as two versions of one DLL, the right one.
    compared.sort_by_key(|(_, differences)| !differences.is_empty());
    let Some((module, differences)) = compared.into_iter().next() else {
        findings.push(Finding::about(
            &rules::MODULE_MISSING,
            &wanted.file_name,
            format!(
                "None of the {} modules of process {} ({}) is called {}.",
                modules.len(),
                target.identity().pid,
                target.identity().image,
                wanted.file_name
            ),
        ));
        return Ok(None);
    };
    if !differences.is_empty() {
        findings.push(Finding::about(
            &rules::OTHER_BUILD,
            &module.name,
            format!("{}: {}.", module.path, differences.join("; ")),
        ));
        return Ok(None);
    }
    let twins = twins(target, wanted, module, &modules)?;
    if !twins.is_empty() {
        let detail = format!("{} is loaded, and so is {}.", module.path, twins.join(", "));
        findings.push(Finding::about(&rules::LOADED_TWICE, &module.name, detail));
        return Ok(None);
    }
    if let Some(reason) = file_differs(target, module, wanted) {
        findings.push(Finding::about(&rules::FILE_REPLACED, &module.name, reason));
    }
    Ok(Some(module.clone()))
}

/// Paths of other modules of the same build, under whatever name.
fn twins<T: Target>(
    target: &T,
    wanted: &TargetImage,
    found: &Module,
    modules: &[Module],
) -> Result<Vec<String>, TargetError> {
    let mut twins = Vec::new();
    for other in modules.iter().filter(|m| m.base != found.base) {
        if differences(target, wanted, other)?.is_empty() {
            twins.push(other.path.clone());
        }
    }
    Ok(twins)
}

/// How a module differs from the one that the package was built for.
fn differences<T: Target>(
    target: &T,
    wanted: &TargetImage,
    module: &Module,
) -> Result<Vec<String>, TargetError> {
    let Some(found) = loaded::identity(target, module)? else {
        return Ok(vec![String::from(
            "its headers in memory are no PE32+ headers",
        )]);
    };
    let mut list = Vec::new();
    let mut compare = |what: &str, wanted: String, found: String| {
        if wanted != found {
            list.push(format!("{what} is {found}, the package needs {wanted}"));
        }
    };
    compare("machine", "0x8664".into(), format!("{:#x}", found.machine));
    compare(
        "TimeDateStamp",
        format!("{:#010x}", wanted.time_date_stamp),
        format!("{:#010x}", found.time_date_stamp),
    );
    compare(
        "SizeOfImage",
        format!("{:#x}", wanted.size_of_image),
        format!("{:#x}", found.size_of_image),
    );
    let pdb = |guid: &str, age: u32| format!("{guid} age {age}");
    compare(
        "PDB identity",
        pdb(&wanted.pdb_guid, wanted.pdb_age),
        found
            .pdb
            .as_ref()
            .map_or_else(|| "absent".into(), |(guid, age)| pdb(guid, *age)),
    );
    Ok(list)
}

/// Why the file on disk isn't the baseline; `None` where it is.
fn file_differs<T: Target>(target: &T, module: &Module, wanted: &TargetImage) -> Option<String> {
    let path = &module.path;
    let bytes = match target.module_file(module, LARGEST_FILE) {
        Ok(bytes) => bytes,
        Err(error) => return Some(format!("{path} can't be read: {error}.")),
    };
    match authenticode::sha256(&bytes).map(hex::encode) {
        Ok(digest) if digest == wanted.authenticode_sha256 => None,
        Ok(digest) => Some(format!(
            "{path} has Authenticode digest {digest}, the package was built for {}.",
            wanted.authenticode_sha256
        )),
        Err(error) => Some(format!("{path}: {error}.")),
    }
}
