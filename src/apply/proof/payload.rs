//! The payload of a patch against its package.

use std::collections::HashMap;

use super::module::{difference, differences};
use super::{Proof, ProvenPatch, pages};
use crate::addr::Va;
use crate::apply::blueprint::{Context, bind};
use crate::apply::link::{Externals, Layout, Linked};
use crate::apply::loaded::{self, Export};
use crate::apply::outcome::ApplyError;
use crate::apply::preflight;
use crate::apply::record::{Body, Record};
use crate::apply::relays::Relays;
use crate::apply::survey::{Installed, Survey};
use crate::apply::target::{Module, Protection, Target, TargetError};
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::package::manifest::Manifest;
use crate::package::{Package, Verified};

/// What a package puts into the module, and where.
pub(super) type Sites = Vec<(Va, Vec<u8>)>;

/// A patch that was compared with its package.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// What the package puts into the module.
    pub sites: Sites,
    /// What was compared; nothing where the package does not fit its place.
    pub proven: Option<ProvenPatch>,
}

/// Compares every page of a payload, and its record.
pub(super) fn compare<T: Target>(
    target: &T,
    survey: &Survey,
    installed: &Installed,
    package: &Verified<Package>,
    proof: &mut Proof,
) -> Result<Compared, ApplyError> {
    let record = &installed.record;
    let (body, id) = (&record.body, &record.body.id);
    let modules = target.modules()?;
    let Some(module) = modules.iter().find(|m| m.base == body.module.base) else {
        let detail = format!("No module is at {}.", body.module.base);
        proof
            .findings
            .push(Finding::about(&rules::MODULE_MISSING, id, detail));
        return Ok(Compared::default());
    };
    let differs = |why: String| Finding::about(&rules::DIFFERS, id, why);
    // Said apart where it is not loaded.
    let is_meant = preflight::identify(target, &package.manifest, &mut Vec::new())?;
    if is_meant.is_none_or(|meant| meant.base != module.base) {
        let why = format!(
            "Its record says that it is for {}, as its package does not.",
            module.name
        );
        proof.findings.push(differs(why));
        return Ok(Compared::default());
    }
    let (linked, wanted, unknown) = match expected(target, survey, record, package, module) {
        Ok(expected) => expected,
        Err(ApplyError::Target(error)) => return Err(error.into()),
        Err(error) => {
            let why = preflight::causes(&error);
            proof.findings.push(differs(format!(
                "The package does not fit its place: {why}"
            )));
            return Ok(Compared::default());
        }
    };
    let ends = linked.pages.iter().map(|p| p.at.0 + p.bytes.len() as u64);
    let size = ends.max().unwrap_or(record.at.0) - record.at.0;
    if size != record.header.region_size {
        let found = record.header.region_size;
        let why = format!(
            "The record at {} says {found:#x} bytes, the package takes {size:#x}.",
            record.at
        );
        proof.findings.push(differs(why));
    }
    if let Some(field) = different_field(&wanted, body) {
        let why = format!(
            "The record at {} does not say what the package says: {field}.",
            record.at
        );
        proof.findings.push(differs(why));
    }
    let mut bytes = 0;
    for pages in &linked.pages {
        if !pages.protection.writable() {
            let found = target.read_vec(pages.at, pages.bytes.len())?;
            bytes += found.len() as u64;
            let unknown: Vec<(usize, usize)> = unknown
                .iter()
                .filter_map(|at| at.0.checked_sub(pages.at.0))
                .map(|at| (at as usize, at as usize + 8))
                .collect();
            for (from, to) in differences(&pages.bytes, &found, &unknown) {
                let at = Va(pages.at.0 + from as u64);
                let name = function_at(body, at).unwrap_or(id);
                let why = difference(at, &pages.bytes[from..to], &found[from..to]);
                proof
                    .findings
                    .push(Finding::about(&rules::DIFFERS, name, why));
            }
        }
        let range = (pages.at, pages.bytes.len() as u64);
        sealed(target, range, pages.protection, id, proof)?;
    }
    let record_size = first_page(body, record.at) - record.at.0;
    let range = (record.at, record_size.max(0x1000));
    sealed(target, range, Protection::READ_WRITE, id, proof)?;
    let sites = wanted.sites().map(|s| (s.at, s.redirect.clone()));
    Ok(Compared {
        sites: sites.collect(),
        proven: Some(ProvenPatch {
            id: id.clone(),
            package_sha256: body.package_sha256.clone(),
            state: installed.state,
            bytes,
            redirects: wanted.sites().count(),
        }),
    })
}

/// The payload as the package gives it at its place, the body of its record, and the fields
/// whose content only the target's loader knows.
fn expected<T: Target>(
    target: &T,
    survey: &Survey,
    record: &Record,
    package: &Verified<Package>,
    module: &Module,
) -> Result<(Linked, Body, Vec<Va>), ApplyError> {
    let body = &record.body;
    // The record takes as many pages as whoever placed it gave it.
    let record_size = first_page(body, record.at) - record.at.0;
    let layout = Layout::new(&package.payload, record_size)?;
    let replaced: Vec<Installed> = body
        .over
        .iter()
        .filter_map(|at| survey.at(*at))
        .cloned()
        .collect();
    let kept = preflight::keep(survey, &replaced, package, &mut Vec::new());
    let context = Context {
        module,
        replaced: &replaced,
        kept: &kept,
        relays: &Relays::recorded(body, package),
        on_stack: &body.on_stack,
    };
    let mut externals = preflight::externals(package, &kept);
    let unknown = resolve(target, &package.manifest, &mut externals)?;
    let (linked, wanted) = bind(target, package, context, &layout, (record.at, &externals))?;
    let mut fields = Vec::new();
    if !unknown.is_empty() {
        // Where another address would be written is where the field is.
        for symbol in unknown {
            externals.imports.insert(symbol, Va(u64::MAX >> 1));
        }
        let (other, _) = bind(target, package, context, &layout, (record.at, &externals))?;
        for (a, b) in linked.pages.iter().zip(&other.pages) {
            let (words, _) = a.bytes.as_chunks::<8>();
            let (others, _) = b.bytes.as_chunks::<8>();
            let both = words.iter().zip(others).enumerate();
            let differing = both.filter(|(_, (x, y))| x != y);
            fields.extend(differing.map(|(i, _)| Va(a.at.0 + 8 * i as u64)));
        }
    }
    Ok((linked, wanted, fields))
}

/// Looks the package's imports up as the loader would; returns the symbols of those that
/// another module forwards, or that can't be found.
fn resolve<T: Target>(
    target: &T,
    manifest: &Manifest,
    externals: &mut Externals<'_>,
) -> Result<Vec<String>, TargetError> {
    let modules = target.modules()?;
    let by_name: HashMap<String, &Module> =
        modules.iter().map(|m| (m.name.to_lowercase(), m)).collect();
    let mut unknown = Vec::new();
    for import in &manifest.imports {
        let found = match by_name.get(&import.module) {
            Some(module) => {
                loaded::find_export(target, module, import.name.as_deref(), import.ordinal)?
            }
            None => Export::Missing,
        };
        match found {
            Export::At(at) => {
                externals.imports.insert(import.symbol.clone(), at);
            }
            Export::Forwarded | Export::Missing => unknown.push(import.symbol.clone()),
        }
    }
    Ok(unknown)
}

/// The first part in which a record isn't what its package gives.
fn different_field(wanted: &Body, found: &Body) -> Option<&'static str> {
    let parts = [
        ("id", wanted.id == found.id),
        ("sequence", wanted.sequence == found.sequence),
        (
            "product",
            found.product.is_none() || wanted.product == found.product,
        ),
        ("functions", wanted.functions == found.functions),
        ("entries", wanted.entries == found.entries),
        ("relays", wanted.relays == found.relays),
        ("code", wanted.code == found.code),
        (
            "unwind table",
            wanted.function_table == found.function_table,
        ),
        ("call", wanted.call == found.call),
        ("hooks", wanted.hooks == found.hooks),
        ("variables", wanted.variables == found.variables),
        ("requires", wanted.requires == found.requires),
        ("exposed", wanted.exposed == found.exposed),
    ];
    parts.iter().find(|(_, same)| !same).map(|(name, _)| *name)
}

/// Where the pages of the payload begin: its code comes first.
fn first_page(body: &Body, record: Va) -> u64 {
    let code = body.code.iter().map(|c| c.at.0).min();
    code.unwrap_or(record.0).max(record.0)
}

fn function_at(body: &Body, at: Va) -> Option<&String> {
    let mut functions = body.functions.iter();
    let holds = |f: &&crate::apply::record::Function| {
        (f.replacement.0..f.replacement.0.saturating_add(f.replacement_size)).contains(&at.0)
    };
    functions.find(holds).map(|f| &f.name)
}

/// Pages must have exactly one protection.
fn sealed<T: Target>(
    target: &T,
    range: (Va, u64),
    wanted: Protection,
    id: &str,
    proof: &mut Proof,
) -> Result<(), TargetError> {
    let expected = format!("PAGE_ constant {:#x}", wanted.0);
    let is_right = |found| found == wanted;
    pages::compare(target, range, (is_right, &expected), id, proof)
}
