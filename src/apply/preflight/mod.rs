//! Everything that can be known before anything is written: all findings at once.

mod code;
mod identity;
mod patches;
mod variables;

use std::collections::HashMap;

use super::imports;
use super::link::{Bases, Externals, Layout};
use super::place;
use super::record::{
    self, Body, Function, HookAt, PatchedModule, Protected, Record, Site, Stage, VariableAt,
};
use super::relays::Relays;
use super::survey::{Installed, Survey};
use super::target::{Module, Target, TargetError};
use crate::addr::Va;
use crate::finding::rules::target as rules;
use crate::finding::{Finding, Severity};
use crate::package::Package;
use crate::package::manifest::Manifest;
use crate::payload::names::REDIRECT_LEN;
pub(super) use variables::keep;

/// What was found out about a target and a package.
#[derive(Debug)]
pub struct Preflight {
    /// The patches that were in the target already.
    pub survey: Survey,
    /// Everything that was found, notes included.
    pub findings: Vec<Finding>,
    /// The module, if it is loaded and the right one.
    pub module: Option<Module>,
    /// The package, if it is active already.
    pub active: Option<Record>,
    /// What interrupted operations left behind.
    pub leftovers: Vec<Installed>,
    /// Active patches that the package replaces.
    pub replaced: Vec<Installed>,
    /// Where the package's variables are that a replaced patch brought, by symbol.
    pub kept: HashMap<String, Va>,
    /// Where its relays go.
    pub(super) relays: Relays,
    /// Size of the region that the patch needs, in bytes.
    pub region_size: u64,
}

impl Preflight {
    /// Whether nothing stands against applying the package.
    pub fn passed(&self) -> bool {
        self.findings
            .iter()
            .all(|f| f.rule.severity == Severity::Note)
    }

    /// Adds what stands against letting calls of these functions end in the version in
    /// which they began; returns their names as the manifest has them.
    pub fn allow_on_stack(&mut self, package: &Package, names: &[String]) -> Vec<String> {
        let functions = &package.manifest.functions;
        self.findings.extend(stack_policy(names, |name| {
            let mut named = functions.iter().filter(|f| f.is_called(name)).peekable();
            named.peek()?;
            Some(named.find_map(|f| f.must_not_stay.clone()))
        }));
        let allowed = functions
            .iter()
            .filter(|f| names.iter().any(|n| f.is_called(n)));
        let allowed: Vec<String> = allowed.map(|f| f.name.clone()).collect();
        for patch in &self.replaced {
            let mut before = patch.record.body.functions.iter();
            let refused = before.find_map(|f| {
                let why = f.must_not_stay.as_ref()?;
                allowed.contains(&f.name).then_some((&f.name, why))
            });
            if let Some((name, why)) = refused {
                let detail = format!("In {}: {why}.", patch.record.body.id);
                let finding = Finding::about(&rules::MUST_NOT_STAY, name, detail);
                self.findings.push(finding);
            }
        }
        allowed
    }

    /// Looks at everything; `survey` says which patches are there. Writes nothing.
    ///
    /// # Errors
    /// Where the target can't be looked at.
    pub fn run<T: Target>(
        target: &T,
        package: &Package,
        survey: Survey,
    ) -> Result<Self, TargetError> {
        let mut findings = Vec::new();
        platform(target, &mut findings)?;
        let module = identity::find(target, &package.manifest, &mut findings)?;
        let relations = patches::examine(&survey, module.as_ref(), package, &mut findings);
        let (mut region_size, mut kept) = (0, HashMap::new());
        let mut relays = Relays::default();
        if let Some(module) = &module {
            if relations.active.is_none() {
                let patches = code::Patches {
                    survey: &survey,
                    replaced: &relations.replaced,
                };
                let there = (&survey, relations.replaced.as_slice());
                relays = Relays::choose(target, module, package, there);
                code::compare(target, module, package, (patches, &relays), &mut findings)?;
            }
            findings.extend(imports::look(target, &package.manifest)?);
            kept = variables::keep(&survey, &relations.replaced, package, &mut findings);
            match link(target, module, package, &kept) {
                Ok(region) => {
                    region_size = region.size;
                    if region.catches && target.mitigations().continuations {
                        findings.push(Finding::new(
                            &rules::CONTINUATIONS,
                            "ProcessUserShadowStackPolicy has SetContextIpValidation set, and \
                             functions of the patch have exception handlers.",
                        ));
                    }
                }
                Err(LinkProblem::Target(error)) => return Err(error),
                Err(LinkProblem::Found(finding)) => findings.push(finding),
            }
        }
        Ok(Preflight {
            survey,
            findings,
            module,
            active: relations.active,
            leftovers: relations.leftovers,
            replaced: relations.replaced,
            kept,
            relays,
            region_size,
        })
    }
}

/// The module that a manifest names, if it is loaded and the right build.
pub(super) fn identify<T: Target>(
    target: &T,
    manifest: &Manifest,
    findings: &mut Vec<Finding>,
) -> Result<Option<Module>, TargetError> {
    identity::find(target, manifest, findings)
}

/// What stands against letting calls of functions end in the version in which they began.
/// `look_up` knows the functions of the patch, and why one of them may not.
pub(super) fn stack_policy(
    names: &[String],
    look_up: impl Fn(&str) -> Option<Option<String>>,
) -> Vec<Finding> {
    let findings = names.iter().filter_map(|name| match look_up(name) {
        None => {
            let detail = format!("The patch has no function {name}.");
            Some(Finding::about(&rules::NOT_IN_PATCH, name, detail))
        }
        Some(Some(why)) => {
            let detail = format!("Because {why}.");
            Some(Finding::about(&rules::MUST_NOT_STAY, name, detail))
        }
        Some(None) => None,
    });
    findings.collect()
}

fn platform<T: Target>(target: &T, findings: &mut Vec<Finding>) -> Result<(), TargetError> {
    if !target.is_x64()? {
        findings.push(Finding::new(
            &rules::NOT_X64,
            "The process runs under WOW64 or on a system that isn't x64.",
        ));
    }
    let mitigations = target.mitigations();
    if mitigations.dynamic_code {
        findings.push(Finding::new(
            &rules::DYNAMIC_CODE,
            "ProcessDynamicCodePolicy has ProhibitDynamicCode set.",
        ));
    }
    if mitigations.shadow_stack {
        findings.push(Finding::new(
            &rules::SHADOW_STACK,
            "ProcessUserShadowStackPolicy has EnableUserShadowStack set.",
        ));
    }
    Ok(())
}

/// The region of a patch, as it would be.
struct Region {
    /// Its size in bytes.
    size: u64,
    /// Whether its code catches exceptions.
    catches: bool,
}

enum LinkProblem {
    Target(TargetError),
    Found(Finding),
}

/// Links against the place where the payload would go.
fn link<T: Target>(
    target: &T,
    module: &Module,
    package: &Package,
    kept: &HashMap<String, Va>,
) -> Result<Region, LinkProblem> {
    let unlinkable = |error: &dyn std::error::Error| {
        LinkProblem::Found(Finding::new(&rules::NOT_LINKABLE, causes(error)))
    };
    let layout = layout(package).map_err(|e| unlinkable(&e))?;
    let places = place::candidates(target, module, layout.size(), layout.must_be_above())
        .map_err(LinkProblem::Target)?;
    let Some(base) = places.first() else {
        let side = if layout.must_be_above() {
            "above"
        } else {
            "above or below"
        };
        return Err(LinkProblem::Found(Finding::new(
            &rules::NO_ROOM,
            format!(
                "{:#x} bytes are needed within 2 GiB {side} {} at {}.",
                layout.size(),
                module.name,
                module.base
            ),
        )));
    };
    let bases = Bases {
        payload: *base,
        module: module.base,
        active: record::active_at(*base),
    };
    let linked = layout
        .link(bases, &externals(package, kept))
        .map_err(|e| unlinkable(&e))?;
    for function in &package.manifest.functions {
        let gate = function.gate_symbol();
        if !linked.symbols.contains_key(&*gate) {
            return Err(LinkProblem::Found(Finding::about(
                &rules::NOT_LINKABLE,
                &function.name,
                format!("The payload doesn't define the gate {gate}."),
            )));
        }
    }
    Ok(Region {
        size: layout.size(),
        catches: linked.catches(*base),
    })
}

/// Lays the payload out behind a record that is large enough wherever it goes.
pub(super) fn layout(package: &Package) -> Result<Layout<'_>, super::link::LinkError> {
    Layout::new(&package.payload, record_size(package) + scratch(package))
}

/// The places that the payload refers to; `kept` says where variables of replaced patches
/// are. Those in other modules are not known yet.
pub(super) fn externals<'p>(package: &'p Package, kept: &HashMap<String, Va>) -> Externals<'p> {
    let manifest = &package.manifest;
    let old = manifest.externals.iter();
    let imports = manifest.imports.iter();
    Externals {
        old: old.map(|e| (e.symbol.as_str(), e.rva)).collect(),
        imports: imports.map(|i| (i.symbol.clone(), Va(0))).collect(),
        kept: kept.clone(),
    }
}

/// Bytes behind the record for calls to the target's loader, if there are any.
pub(super) fn scratch(package: &Package) -> u64 {
    match package.manifest.imports.is_empty() {
        true => 0,
        false => imports::SCRATCH,
    }
}

/// An upper bound for the size of the record in bytes: a record of the same shape with
/// the longest numbers, and each entry in pages of its own.
fn record_size(package: &Package) -> u64 {
    let manifest = &package.manifest;
    let body = Body {
        id: manifest.patch.id.clone(),
        sequence: u64::MAX,
        product: Some(manifest.product().to_owned()),
        title: manifest.patch.title.clone(),
        package_sha256: package.sha256_hex(),
        content_sha256: Some(package.content_sha256_hex()),
        applied_by: super::applied_by(),
        module: PatchedModule {
            // A module's name equals the manifest's but for the case of its letters.
            name: "\u{10ffff}".repeat(manifest.target.file_name.len()),
            base: LONGEST,
            size: u32::MAX,
            time_date_stamp: u32::MAX,
        },
        function_table: Some(record::FunctionTable {
            at: LONGEST,
            entries: u32::MAX,
        }),
        call: Some(LONGEST),
        // Each of them replaces a function of its own, and any function may be allowed.
        over: vec![LONGEST; manifest.functions.len()],
        on_stack: manifest.functions.iter().map(|f| f.name.clone()).collect(),
        requires: manifest.patch.requires.clone(),
        code: vec![record::CodePages {
            at: LONGEST,
            size: u64::MAX,
        }],
        // Constants and variables.
        data: vec![LONGEST; 2],
        hooks: manifest
            .hooks
            .iter()
            .map(|(hook, _)| HookAt { hook, at: LONGEST })
            .collect(),
        functions: manifest
            .functions
            .iter()
            .map(|f| Function {
                name: f.name.clone(),
                entry: LONGEST,
                replacement: LONGEST,
                replacement_size: u64::MAX,
                must_not_stay: f.must_not_stay.clone(),
            })
            .collect(),
        entries: vec![longest_site(); manifest.functions.len()],
        variables: manifest
            .variables
            .iter()
            .map(|v| VariableAt {
                name: v.name.clone(),
                at: LONGEST,
                size: v.size,
                type_sha256: v.type_sha256.clone(),
            })
            .collect(),
        exposed: manifest.exposed.clone(),
        relays: vec![
            longest_site();
            manifest
                .functions
                .iter()
                .filter(|f| f.relay.is_some())
                .count()
        ],
        pages: vec![
            Protected {
                at: LONGEST,
                size: u64::MAX,
                protection: u32::MAX,
            };
            // One for the entry and one for the relay of each function, at most.
            2 * manifest.functions.len()
        ],
    };
    let header = record::Header {
        region_size: u64::MAX,
        active: true,
        stage: Stage::Placed,
        registered: record::Registration::Yes,
        applied_at_ms: u64::MAX,
        frozen: true,
        frozen_at_ms: u64::MAX,
    };
    Record::encode(&header, &body).map_or(u64::MAX >> 16, |bytes| bytes.len() as u64)
}

/// An address whose text is as long as that of any other.
const LONGEST: Va = Va(u64::MAX);

fn longest_site() -> Site {
    Site {
        at: LONGEST,
        original: vec![0; REDIRECT_LEN as usize],
        redirect: vec![0; REDIRECT_LEN as usize],
        function: u32::MAX,
    }
}

/// An error with all its causes in one sentence.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text.push('.');
    text
}
