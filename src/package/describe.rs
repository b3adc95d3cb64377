//! Plan and payload → [`Manifest`].

use sha2::{Digest, Sha256};

use super::manifest::{
    BuildOptions, CodeRange, FORMAT, LeftOutFunction, Manifest, Padding, Patch, Provenance, Relay,
    ReplacedFunction, TargetImage, Versions, WatchedCode,
};
use super::validate::MAX_TITLE;
use crate::addr::Rva;
use crate::diff::Diff;
use crate::function::Program;
use crate::image::{Image, authenticode};
use crate::payload::Payload;
use crate::payload::names::{GATE_PREFIX, REDIRECT_LEN};
use crate::plan::{Plan, Replacement, Watched, stay, version};

/// What a package is made of, beside plan and payload.
pub struct Inputs<'i> {
    /// File name of the image, without a folder.
    pub file_name: String,
    /// The old build.
    pub old: &'i Program<'i>,
    /// The new build.
    pub new: &'i Program<'i>,
    /// What callers and callees must agree on.
    pub signatures: &'i stay::Signatures,
    /// The old PDB's file.
    pub old_pdb: &'i [u8],
    /// The new image's file.
    pub new_image: &'i [u8],
    /// The new PDB's file.
    pub new_pdb: &'i [u8],
    /// Where the source of the new build is, and which revision.
    pub source: (Option<String>, Option<String>),
    /// The options of the build.
    pub options: BuildOptions,
    /// The difference of the builds.
    pub diff: &'i Diff,
}

/// Why a plan cannot be described.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// The old image has no identity that could be checked in a running process.
    #[error("the old image names no PDB, so that a running copy could not be identified")]
    NoIdentity,
    /// The old image cannot be digested.
    #[error("the old image has no Authenticode digest")]
    Digest(#[from] authenticode::AuthenticodeError),
    /// Code that the plan names is not in the file.
    #[error("the code of {0} is not in the old image's file")]
    NoCode(String),
}

/// The manifest of a package.
///
/// # Errors
/// Where the old image lacks what a manifest needs.
pub fn describe(
    patch: Patch,
    inputs: &Inputs<'_>,
    plan: &Plan,
    payload: &Payload,
) -> Result<Manifest, DescribeError> {
    let image = inputs.old.image;
    let mut functions = Vec::new();
    let stay = stay::reasons(
        plan,
        inputs.diff,
        (inputs.old, inputs.new),
        inputs.signatures,
    );
    let symbols = payload.functions.iter().zip(stay);
    for (replacement, ((symbol, gate), must_not_stay)) in plan.replacements.iter().zip(symbols) {
        let function = replaced(inputs.old, replacement, symbol, gate)?;
        functions.push(ReplacedFunction {
            must_not_stay,
            ..function
        });
    }
    functions.sort_by_key(|f| f.entry);
    Ok(Manifest {
        format: FORMAT,
        patch,
        target: target(inputs, image)?,
        build: Provenance {
            builder: concat!("hotpatch ", env!("CARGO_PKG_VERSION")).to_owned(),
            old_pdb_sha256: digest(inputs.old_pdb),
            new_image_sha256: digest(inputs.new_image),
            new_pdb_sha256: digest(inputs.new_pdb),
            accepted_risks: plan.accepted.iter().map(|c| (*c).to_owned()).collect(),
            source_repository: inputs.source.0.clone(),
            source_revision: inputs.source.1.clone(),
            options: inputs.options.clone(),
        },
        version: versions(inputs),
        hooks: payload.hooks.iter().cloned().collect(),
        functions,
        watched: watched(inputs.old, &plan.watched),
        left_out: left_out(inputs),
        externals: payload.externals.clone(),
        imports: payload.imports.clone(),
        variables: payload.variables.clone(),
        exposed: payload.exposed.clone(),
    })
}

/// The versions of both builds, where they differ.
fn versions(inputs: &Inputs<'_>) -> Option<Versions> {
    let version = inputs.diff.version.as_ref()?;
    let carried = inputs.diff.version_only.iter();
    let carried = carried.map(|v| inputs.new.function(v.new).display_name());
    Some(Versions {
        old: one_line(&version.old.shown()),
        new: one_line(&version.new.shown()),
        carried: carried.collect(),
    })
}

fn left_out(inputs: &Inputs<'_>) -> Vec<LeftOutFunction> {
    let functions = inputs.diff.left_out.iter();
    let mut list: Vec<LeftOutFunction> = functions
        .map(|v| LeftOutFunction {
            name: inputs.old.function(v.old).display_name(),
            rva: inputs.old.function(v.old).rva,
            reason: one_line(&version::places(&v.places)),
        })
        .collect();
    list.sort_by_key(|f| f.rva);
    list
}

/// What a resource or a text says, cut to what a manifest may hold.
fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut text: String = text.chars().map(plain).collect();
    let mut end = text.len().min(MAX_TITLE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

fn target(inputs: &Inputs<'_>, image: &Image<'_>) -> Result<TargetImage, DescribeError> {
    let codeview = image.codeview.as_ref().ok_or(DescribeError::NoIdentity)?;
    Ok(TargetImage {
        file_name: inputs.file_name.clone(),
        time_date_stamp: image.time_date_stamp,
        size_of_image: image.size_of_image,
        image_base: image.image_base,
        pdb_guid: codeview.guid.clone(),
        pdb_age: codeview.age,
        sha256: digest(image.bytes),
        authenticode_sha256: hex::encode(authenticode::sha256(image.bytes)?),
    })
}

fn replaced(
    old: &Program<'_>,
    replacement: &Replacement,
    symbol: &str,
    gate: &str,
) -> Result<ReplacedFunction, DescribeError> {
    let function = replacement.old;
    let f = old.function(function);
    let no_code = || DescribeError::NoCode(f.display_name());
    let bytes = |rva: Rva, size: u32| {
        let bytes = old.image.slice(rva, size as usize).ok_or_else(no_code)?;
        Ok::<_, DescribeError>(hex::encode(bytes))
    };
    let covered = replacement.gate.covered;
    // A function shorter than the redirect is checked together with the padding it uses.
    let main = range(old.image, f.rva, f.size.max(covered)).ok_or_else(no_code)?;
    let mut ranges = vec![main];
    for (rva, size) in &f.parts {
        ranges.push(range(old.image, *rva, *size).ok_or_else(no_code)?);
    }
    // A thread in a catch block is inside the function as well.
    for funclet in old.funclets_of(function) {
        let part = old.function(funclet);
        ranges.push(range(old.image, part.rva, part.size).ok_or_else(no_code)?);
    }
    let mut relay = None;
    if let Some(rva) = replacement.gate.relay {
        ranges.push(range(old.image, rva, REDIRECT_LEN).ok_or_else(no_code)?);
        let bytes = bytes(rva, REDIRECT_LEN)?;
        let elsewhere = replacement.gate.padding.iter().map(|(rva, size)| {
            let (rva, size) = (*rva, *size);
            Ok::<_, DescribeError>(Padding {
                rva,
                bytes: hex::encode(old.image.slice(rva, size as usize).ok_or_else(no_code)?),
            })
        });
        relay = Some(Relay {
            rva,
            bytes,
            elsewhere: elsewhere.collect::<Result<_, _>>()?,
        });
    }
    Ok(ReplacedFunction {
        name: f.display_name(),
        linkage_name: f.linkage_name().filter(|n| *n != symbol).map(str::to_owned),
        symbol: symbol.to_owned(),
        gate: (gate.strip_prefix(GATE_PREFIX) != Some(symbol)).then(|| gate.to_owned()),
        entry: f.rva,
        entry_bytes: bytes(f.rva, covered)?,
        relay,
        must_not_stay: None,
        ranges,
    })
}

/// All code of functions that stay, but may not run when the patch is switched on.
fn watched(old: &Program<'_>, functions: &[Watched]) -> Vec<WatchedCode> {
    let ranges = |watched: &Watched| {
        let function = watched.function;
        let name = old.function(function).display_name();
        let pieces = old.pieces_of(function).into_iter();
        let all = std::iter::once(function).chain(pieces);
        all.map(|piece| WatchedCode {
            addressed: watched.addressed && piece == function,
            name: name.clone(),
            rva: old.function(piece).rva,
            size: old.function(piece).size,
        })
        .collect::<Vec<_>>()
    };
    let mut all: Vec<WatchedCode> = functions.iter().flat_map(ranges).collect();
    all.sort_by_key(|w| w.rva);
    all.dedup_by_key(|w| w.rva);
    all
}

/// A range of old code, with the digest of its bytes without the relocated fields.
fn range(image: &Image<'_>, rva: Rva, size: u32) -> Option<CodeRange> {
    let mut bytes = image.slice(rva, size as usize)?.to_vec();
    let mut relocated = Vec::new();
    for place in image.relocations_in(rva, size) {
        let at = place.0 - rva.0;
        bytes.get_mut(at as usize..at as usize + 8)?.fill(0);
        relocated.push(at);
    }
    Some(CodeRange {
        rva,
        size,
        relocated,
        sha256: digest(&bytes),
    })
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
