//! The two builds on the command line: images, their PDBs, and whether they belong together.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;

use super::Failure;
use crate::image::{self, CodeView, Image};
use crate::package::file::read_recognised;
use crate::symbols;

/// Images and PDBs beyond this size do not fit the 32-bit offsets of their formats.
const MAX_INPUT: usize = u32::MAX as usize;

/// Old and new build of the same image.
#[derive(Clone, Debug, Args)]
pub struct BuildsArgs {
    /// The image as it runs now (.exe or .dll)
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The same image with the fix
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// PDB of OLD [default: beside the image, or the path in its debug directory]
    #[arg(long, value_name = "FILE")]
    pub old_pdb: Option<PathBuf>,
    /// PDB of NEW [default: beside the image, or the path in its debug directory]
    #[arg(long, value_name = "FILE")]
    pub new_pdb: Option<PathBuf>,
    /// Count functions as changed that differ in nothing but line numbers of assertions
    /// and log messages
    #[arg(long)]
    pub keep_line_numbers: bool,
    /// Leave this function as it is, which must differ in nothing but the version; may be given
    /// several times
    #[arg(long, value_name = "NAME")]
    pub leave_out: Vec<String>,
    /// Leave every function as it is that differs in nothing but the version
    #[arg(long)]
    pub leave_out_version: bool,
}

impl BuildsArgs {
    /// The files that were named.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let pdbs = [&self.old_pdb, &self.new_pdb].into_iter().flatten();
        let all = [&self.old, &self.new].into_iter().chain(pdbs);
        all.map(PathBuf::as_path)
    }
}

/// Reads a whole image.
///
/// # Errors
/// Where the file cannot be read or does not begin as an image does; the message names it.
pub fn read_image(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, |head| Ok(image::recognise(head)?))
}

/// Reads a whole PDB.
///
/// # Errors
/// Where the file cannot be read or does not begin as a PDB does; the message names it.
pub fn read_pdb(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, |head| Ok(symbols::recognise(head)?))
}

fn read(
    path: &Path,
    recognise: impl FnOnce(&[u8]) -> anyhow::Result<()>,
) -> Result<Vec<u8>, Failure> {
    let check = |head: &[u8]| recognise(head).map_err(|e| e.to_string());
    let bytes = read_recognised(path, MAX_INPUT, check)
        .with_context(|| format!("cannot use {}", path.display()))?;
    Ok(bytes)
}

/// Parses an image.
///
/// # Errors
/// Where it is no PE image; the message names the file.
pub fn image<'b>(path: &Path, bytes: &'b [u8]) -> Result<Image<'b>, Failure> {
    let image = Image::parse(bytes).with_context(|| format!("cannot use {}", path.display()))?;
    Ok(image)
}

/// Finds the PDB of an image: the given file, else the one beside the image, else the
/// path that the linker wrote.
///
/// # Errors
/// Where the image names no PDB, or there is none in those places.
pub fn find_pdb(
    image_path: &Path,
    image: &Image<'_>,
    given: Option<&Path>,
    option: &str,
) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let Some(codeview) = &image.codeview else {
        let error = anyhow!(
            "{} names no PDB in its debug directory",
            image_path.display()
        );
        return Err(Failure::from(error)
            .hint("link with /DEBUG (clang: -g -gcodeview -Wl,--pdb=FILE), and keep the PDB"));
    };
    let all = std::iter::once(codeview).chain(&image.other_codeviews);
    let candidates: Vec<PathBuf> = all.flat_map(|c| candidates(image_path, c)).collect();
    if let Some(found) = candidates.iter().find(|p| p.is_file()) {
        return Ok(found.clone());
    }
    let looked: Vec<String> = candidates.iter().map(|p| p.display().to_string()).collect();
    let error = anyhow!(
        "no PDB for {}: looked for {}",
        image_path.display(),
        looked.join(", ")
    );
    Err(Failure::from(error).hint(format!("name it with {option}")))
}

fn candidates(image_path: &Path, codeview: &CodeView) -> Vec<PathBuf> {
    let folder = image_path.parent().unwrap_or(Path::new(""));
    let name = codeview.path.rsplit(['/', '\\']).next().unwrap_or("");
    let mut list = Vec::new();
    if !name.is_empty() {
        list.push(folder.join(name));
    }
    list.push(image_path.with_extension("pdb"));
    if !codeview.path.is_empty() {
        list.push(PathBuf::from(&codeview.path));
    }
    list.dedup();
    list
}

/// Checks that a PDB belongs to an image: GUID, and age of the DBI stream.
///
/// # Errors
/// Where it is that of another build; the message has both identities.
pub fn check_identity(
    image_path: &Path,
    image: &Image<'_>,
    pdb_path: &Path,
    guid: &str,
    age: u32,
) -> Result<(), Failure> {
    let Some(codeview) = &image.codeview else {
        let error = anyhow!(
            "{} names no PDB, so that {} cannot be checked against it",
            image_path.display(),
            pdb_path.display()
        );
        return Err(Failure::from(error).hint("link with /DEBUG, and keep the PDB"));
    };
    // A tool may have added a record of its own; the PDB that was given says which is meant.
    let mut all = std::iter::once(codeview).chain(&image.other_codeviews);
    if all.any(|c| c.guid == guid && c.age == age) {
        return Ok(());
    }
    let error = anyhow!(
        "the PDB {} is of another build than {}: the image wants GUID {} age {}, the PDB has GUID {guid} age {age}",
        pdb_path.display(),
        image_path.display(),
        codeview.guid,
        codeview.age,
    );
    Err(Failure::from(error).hint("use the PDB that the linker wrote together with this image"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pdb_is_looked_for_beside_the_image_first() {
        let codeview = CodeView {
            guid: String::new(),
            age: 1,
            path: r"C:\build\out\app.pdb".into(),
        };
        let list = candidates(Path::new("bin/server.exe"), &codeview);
        assert_eq!(list[0], Path::new("bin/app.pdb"));
        assert_eq!(list[1], Path::new("bin/server.pdb"));
        assert_eq!(list[2], Path::new(r"C:\build\out\app.pdb"));
    }
}
