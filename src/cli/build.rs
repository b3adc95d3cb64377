//! `hotpatch build`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};

use super::builds::BuildsArgs;
use super::diff;
use super::key_arg::PassphraseArgs;
use super::output;
use super::pipeline::{self, BuildFiles, Comparison, Wanted};
use super::{Failure, Format, Global, Outcome};
use crate::exit::Exit;
use crate::function::{FunctionSource, Program};
use crate::moment::Moment;
use crate::package::container::FormatError;
use crate::package::manifest::{BuildOptions, Classification, Patch};
use crate::package::{self, SealError, SigningKey};
use crate::payload::Payload;
use crate::plan::Status;
use crate::plan::stay::Signatures;
use crate::report::build::{BuildReport, BuiltPackage, LeftOut, WrittenTemplate};
use crate::report::diff::{Shown, VerdictReport};
use crate::report::hooks::Skeleton;
use crate::report::out;
use crate::symbols;

/// Build a signed package out of two builds of the same image
///
/// The same inputs and options give the same bytes. Ends with exit code 0 where a package
/// was written, 3 where nothing changed, and 4 where the program has to be restarted.
#[derive(Debug, Args)]
pub struct BuildArgs {
    #[command(flatten)]
    builds: BuildsArgs,
    /// The package to write
    #[arg(short, long, value_name = "OUT.hpk")]
    output: PathBuf,
    /// Private key to sign with; may be given several times
    #[arg(long = "key", value_name = "KEY.pem", required = true)]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Id of the patch: letters, digits, '-', '_', '.'
    #[arg(long, value_name = "ID")]
    id: String,
    /// Position in the product's line of patches; a higher one replaces a lower one
    #[arg(long, value_name = "N", default_value_t = 1)]
    sequence: u64,
    /// Product that the line of patches is for, by default the file name of the image
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
    /// Until when the package may be applied: a day, or a time such as 2026-02-28T18:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = expiry)]
    expires: Option<Moment>,
    /// One line that says what the patch fixes
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Why the patch exists
    #[arg(long, value_enum, default_value_t = Class::Security)]
    classification: Class,
    /// CVE that the patch fixes; may be given several times
    #[arg(long = "cve", value_name = "CVE")]
    cves: Vec<String>,
    /// Id of a patch that this one replaces; may be given several times
    #[arg(long, value_name = "ID")]
    supersedes: Vec<String>,
    /// Id of a patch that must be active before this one; may be given several times
    #[arg(long, value_name = "ID")]
    requires: Vec<String>,
    /// Where the source of NEW is, as a URI; goes into the package
    #[arg(long, value_name = "URI")]
    source_repository: Option<String>,
    /// Which revision of the source NEW is of; goes into the package
    #[arg(long, value_name = "REV")]
    source_revision: Option<String>,
    /// Accept a risk by its code; may be given several times
    #[arg(long = "accept", value_name = "CODE")]
    accept: Vec<String>,
    /// Move every function that can be moved, changed or not, and list the others; OLD and
    /// NEW are then the same image. Proves that a program does not notice being patched
    #[arg(long, conflicts_with_all = ["leave_out", "leave_out_version"])]
    all_functions: bool,
    /// Write a skeleton in C for a fix of which the layout of a type stands in the way: the new
    /// members attached to objects, and the hooks. Never over a file that is there already
    #[arg(long, value_name = "FILE.c", conflicts_with = "all_functions")]
    hooks_template: Option<PathBuf>,
    /// With --all-functions: leave this function where it is; may be given several times
    #[arg(long, value_name = "NAME", requires = "all_functions")]
    except: Vec<String>,
}

/// Why a patch exists.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Class {
    /// It closes a security hole
    Security,
    /// It makes the program more reliable
    Reliability,
    /// It adds or changes behaviour
    Feature,
}

impl BuildArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        pipeline::check_codes(&self.accept)?;
        output::refuse(&self.output, self.inputs())?;
        if let Some(path) = &self.hooks_template {
            output::refuse_existing(path)?;
            if *path == self.output {
                let problem = anyhow!("{} is named twice", path.display());
                return Err(Failure::new(Exit::Usage, problem).hint("name another file to write"));
            }
        }
        let keys = self
            .keys
            .iter()
            .map(|path| self.passphrase.signing_key(path))
            .collect::<Result<Vec<_>, _>>()?;
        let wanted = if self.all_functions {
            Wanted::Everything(&self.accept, &self.except)
        } else {
            Wanted::Changes(&self.accept)
        };
        pipeline::compare(&self.builds, wanted, |comparison| {
            let template = self.hooks_template.as_deref();
            let template = template.map(|path| hooks_template(path, comparison));
            let template = template.transpose()?;
            let built = match comparison.plan.status {
                Status::Patchable | Status::Accepted => Some(self.build(comparison, &keys)?),
                Status::Unchanged | Status::RestartRequired => None,
            };
            let (functions, package) = built.unzip();
            let verdict = VerdictReport::new(comparison.plan);
            let left_out = left_out(comparison);
            let report = BuildReport::new(
                verdict,
                functions.unwrap_or_default(),
                left_out,
                package,
                template,
            );
            match global.format {
                Format::Text => {
                    out::print_text(&report.text(&diff::report(comparison, &Shown::None)))?
                }
                Format::Json => out::print_json(&report)?,
            }
            Ok(diff::exit(comparison.plan.status))
        })
    }

    /// The files that were named.
    fn inputs(&self) -> impl Iterator<Item = &Path> {
        self.builds
            .files()
            .chain(self.keys.iter().map(PathBuf::as_path))
    }

    fn patch(&self) -> Patch {
        Patch {
            id: self.id.clone(),
            sequence: self.sequence,
            product: self.product.clone(),
            not_after: self.expires,
            title: self.title.clone(),
            classification: match self.classification {
                Class::Security => Classification::Security,
                Class::Reliability => Classification::Reliability,
                Class::Feature => Classification::Feature,
            },
            cves: self.cves.clone(),
            supersedes: self.supersedes.clone(),
            requires: self.requires.clone(),
        }
    }

    fn options(&self) -> BuildOptions {
        let sorted = |list: &[String], upper: bool| {
            let list = list.iter().map(|text| match upper {
                true => text.to_uppercase(),
                false => text.clone(),
            });
            let sorted: BTreeSet<String> = list.collect();
            sorted.into_iter().collect()
        };
        BuildOptions {
            accept: sorted(&self.accept, true),
            keep_line_numbers: self.builds.keep_line_numbers,
            all_functions: self.all_functions,
            except: sorted(&self.except, false),
            leave_out: sorted(&self.builds.leave_out, false),
            leave_out_version: self.builds.leave_out_version,
        }
    }

    /// Writes the package; returns the names of the functions that it replaces.
    fn build(
        &self,
        comparison: &Comparison<'_>,
        keys: &[SigningKey],
    ) -> Result<(Vec<String>, BuiltPackage), Failure> {
        let (old, new, diff) = comparison
            .compared
            .ok_or_else(|| anyhow!("the images were not compared"))?;
        let file_name = file_name(&comparison.old_files.image_path)?;
        let payload = Payload::new(comparison.plan, old, &file_name)?;
        let signatures = signatures(comparison, old, new)?;
        let inputs = package::Inputs {
            file_name,
            old,
            new,
            signatures: &signatures,
            old_pdb: &comparison.old_files.pdb,
            new_image: comparison.new_image.bytes,
            new_pdb: &comparison.new_files.pdb,
            source: (self.source_repository.clone(), self.source_revision.clone()),
            options: self.options(),
            diff,
        };
        let manifest = package::describe(self.patch(), &inputs, comparison.plan, &payload)?;
        let bytes = package::seal(&manifest, &payload.object, keys)
            .map_err(|e| too_large(e, manifest.functions.len()))?;
        let found = [comparison.old_files, comparison.new_files].into_iter();
        let found = found.filter_map(|files| files.pdb_path.as_deref());
        output::write(&self.output, &bytes, self.inputs().chain(found))?;
        let functions = manifest.functions.iter().map(|f| f.name.clone()).collect();
        let package = BuiltPackage {
            path: self.output.display().to_string(),
            id: manifest.patch.id,
            sha256: hex::encode(Sha256::digest(&bytes)),
            size: bytes.len(),
            payload_size: payload.object.len(),
        };
        Ok((functions, package))
    }
}

/// Writes the skeleton of hooks and attached variables.
fn hooks_template(path: &Path, comparison: &Comparison<'_>) -> Result<WrittenTemplate, Failure> {
    let compared = comparison.compared;
    let (old, new, diff) = compared
        .ok_or_else(|| anyhow!("no skeleton can be written, for the images were not compared"))?;
    let name = |files: &BuildFiles| files.image_path.display().to_string();
    let names = [name(comparison.old_files), name(comparison.new_files)];
    let skeleton = Skeleton::new(old, new, diff, [&names[0], &names[1]]);
    output::write_new(path, skeleton.text.as_bytes())?;
    Ok(WrittenTemplate {
        path: path.display().to_string(),
        types: skeleton.types,
        members: skeleton.members,
    })
}

/// The signatures and the local variables of the functions that are replaced.
fn signatures(
    comparison: &Comparison<'_>,
    old: &Program<'_>,
    new: &Program<'_>,
) -> Result<Signatures, Failure> {
    let replacements = comparison.plan.replacements.iter();
    let (before, after) = replacements
        .map(|r| (old.function(r.old).rva, new.function(r.new).rva))
        .unzip();
    let (of_old, of_new) = (&comparison.old_files.pdb, &comparison.new_files.pdb);
    let (types, others) = (&old.symbols.types, &new.symbols.types);
    Ok(Signatures {
        old: symbols::signatures(of_old, types, &before)?,
        new: symbols::signatures(of_new, others, &after)?,
        old_locals: symbols::local_variables(of_old, types, &before)?,
        new_locals: symbols::local_variables(of_new, others, &after)?,
    })
}

/// A day, until its end in UTC, or a moment.
pub fn expiry(text: &str) -> Result<Moment, String> {
    let day = Moment::end_of_day(text).ok_or(());
    day.or_else(|()| text.parse()).map_err(|_| {
        "a day such as 2026-02-28, or a time such as 2026-02-28T18:00:00Z, is needed".to_owned()
    })
}

/// What stays where it is, and why.
fn left_out(comparison: &Comparison<'_>) -> Vec<LeftOut> {
    let Some((program, _, _)) = comparison.compared else {
        return Vec::new();
    };
    let functions = comparison.plan.left_out.iter();
    functions
        .map(|checked| LeftOut {
            name: program.function(checked.function).display_name(),
            rva: program.function(checked.function).rva,
            from_source: program.function(checked.function).source == FunctionSource::Procedure,
            findings: checked.findings.iter().map(Into::into).collect(),
        })
        .collect()
}

/// Why the package can't be written, and where it is too large the way out.
fn too_large(error: SealError, functions: usize) -> Failure {
    let is_limit = matches!(error, SealError::Format(FormatError::Limit { .. }));
    let failure = Failure::new(Exit::Error, error);
    match is_limit {
        true => failure.hint(format!(
            "it replaces {functions} functions; with --all-functions leave some of them where they \
             are (--except), else restart into the new build"
        )),
        false => failure,
    }
}

fn file_name(path: &Path) -> Result<String, Failure> {
    let name = path.file_name().and_then(|n| n.to_str());
    Ok(name
        .ok_or_else(|| anyhow!("the file name of {} is not text", path.display()))?
        .to_owned())
}
