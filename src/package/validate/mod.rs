//! What a manifest must be beyond being TOML of the right shape.
//!
//! Whoever signs a package is trusted to patch a process, not to make no mistake: what
//! reaches `apply` is in range, in order, and names files and functions and nothing else.

mod functions;
mod symbols;

use super::manifest::{FORMAT, Manifest, Provenance};
use crate::addr::Rva;
pub use symbols::SymbolError;

/// Longest patch id in bytes.
pub const MAX_ID: usize = 128;
/// Longest address of a source repository in bytes.
const MAX_SOURCE: usize = 2048;
/// Longest title in bytes.
pub const MAX_TITLE: usize = 1024;
/// Longest name of a function or a symbol in bytes; no record of a PDB has room for more.
pub const MAX_NAME: usize = 0xffff;

/// Why a manifest is not valid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The manifest isn't text.
    #[error("the manifest is not UTF-8 from offset {0:#x} on")]
    Utf8(usize),
    /// The manifest isn't TOML with the right fields.
    #[error("manifest, line {line}: {message}")]
    Toml {
        /// Line, counted from 1; 0 where it isn't known.
        line: usize,
        /// What is wrong, in one line.
        message: String,
    },
    /// A layout of the manifest that this build doesn't know.
    #[error("manifest format {0} is not supported, only format {FORMAT}")]
    Format(u32),
    /// A field has a value that is not allowed.
    #[error("{field} is {value:?}: {expected}")]
    Field {
        /// The field, as a path in the TOML.
        field: String,
        /// Its value.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A list isn't in its order, or has an entry twice.
    #[error("{list}: {value:?} is out of order or there twice")]
    Order {
        /// The list.
        list: &'static str,
        /// The first entry that is wrong.
        value: String,
    },
    /// An address or a size is out of range.
    #[error("{what}: {start} with {size:#x} bytes is not inside {limit:#x} bytes")]
    Range {
        /// What is out of range.
        what: String,
        /// Where it starts.
        start: Rva,
        /// Its size in bytes.
        size: u32,
        /// Where it has to end, in bytes from the same origin.
        limit: u32,
    },
    /// A function's parts contradict each other.
    #[error("function {function:?}: {problem}")]
    Function {
        /// The name of the function.
        function: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl ManifestError {
    /// What the TOML parser said, as one line with the line's number.
    pub(super) fn toml(text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start));
        ManifestError::Toml {
            line: before.map_or(0, |t| t.matches('\n').count() + 1),
            message: error.message().to_owned(),
        }
    }
}

type Checked = Result<(), ManifestError>;

/// Checks a manifest; the first thing that is wrong is the error.
///
/// # Errors
/// [`ManifestError`]
pub fn validate(manifest: &Manifest) -> Checked {
    if manifest.format != FORMAT {
        return Err(ManifestError::Format(manifest.format));
    }
    patch(manifest)?;
    target(manifest)?;
    provenance(manifest)?;
    versions(manifest)?;
    functions::validate(manifest)
}

/// Checks that manifest and payload speak of the same symbols.
///
/// # Errors
/// [`SymbolError`]
pub fn validate_payload(manifest: &Manifest, payload: &[u8]) -> Result<(), SymbolError> {
    symbols::validate(manifest, payload)
}

fn patch(manifest: &Manifest) -> Checked {
    let patch = &manifest.patch;
    id("patch.id", &patch.id)?;
    let sequence = patch.sequence;
    require(
        i64::try_from(sequence).is_ok(),
        "patch.sequence",
        &sequence.to_string(),
        "at most 9223372036854775807 is allowed, TOML's largest integer",
    )?;
    if let Some(product) = &patch.product {
        let good = (1..=MAX_ID).contains(&product.len()) && !product.contains(char::is_control);
        let expected = "one line of 1 to 128 bytes is allowed";
        require(good, "patch.product", product, expected)?;
    }
    let others = |field: &'static str, ids: &[String]| {
        for other in ids {
            id(field, other)?;
            require(
                other != &patch.id,
                field,
                other,
                "a patch can't name itself",
            )?;
        }
        Ok(())
    };
    others("patch.supersedes", &patch.supersedes)?;
    others("patch.requires", &patch.requires)?;
    if let Some(title) = &patch.title {
        let line = title.len() <= MAX_TITLE && !title.contains(char::is_control);
        require(
            line,
            "patch.title",
            title,
            "one line of at most 1024 bytes is allowed",
        )?;
    }
    for cve in &patch.cves {
        let digits = |s: &str, min| s.len() >= min && s.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<&str> = cve.split('-').collect();
        let good = matches!(parts[..], ["CVE", year, n]
            if year.len() == 4 && digits(year, 4) && n.len() <= 19 && digits(n, 4));
        require(
            good,
            "patch.cves",
            cve,
            "a CVE id such as CVE-2026-12345 is needed",
        )?;
    }
    Ok(())
}

fn id(field: &str, value: &str) -> Checked {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let good = (1..=MAX_ID).contains(&value.len())
        && value.bytes().all(allowed)
        && value.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !value.ends_with('.');
    let expected = "1 to 128 letters, digits, '-', '_' and '.' are allowed, \
                    the first a letter or digit, the last no '.'";
    require(good, field, value, expected)
}

fn target(manifest: &Manifest) -> Checked {
    let target = &manifest.target;
    let name = &target.file_name;
    let good = (1..=255).contains(&name.len())
        && !name.contains(|c: char| c.is_control() || r#"\/:*?"<>|"#.contains(c))
        && name.chars().any(|c| c != '.');
    require(
        good,
        "target.file_name",
        name,
        "a file name without a folder is needed",
    )?;
    let guid = target.pdb_guid.bytes().enumerate().all(|(i, b)| match i {
        8 | 13 | 18 | 23 => b == b'-',
        _ => matches!(b, b'0'..=b'9' | b'A'..=b'F'),
    });
    let guid = guid && target.pdb_guid.len() == 36;
    let expected = "a GUID in upper case without braces is needed";
    require(guid, "target.pdb_guid", &target.pdb_guid, expected)?;
    let base = target.image_base;
    let good =
        base.0.is_multiple_of(0x1_0000) && base.checked_add(target.size_of_image.into()).is_some();
    let expected = "a multiple of 0x10000 with room for the image is needed";
    require(good, "target.image_base", &base.to_string(), expected)?;
    sha256("target.sha256", &target.sha256)?;
    sha256("target.authenticode_sha256", &target.authenticode_sha256)
}

fn provenance(manifest: &Manifest) -> Checked {
    let build = &manifest.build;
    require(
        build.builder.len() <= MAX_TITLE,
        "build.builder",
        &build.builder,
        "at most 1024 bytes are allowed",
    )?;
    sha256("build.old_pdb_sha256", &build.old_pdb_sha256)?;
    sha256("build.new_image_sha256", &build.new_image_sha256)?;
    sha256("build.new_pdb_sha256", &build.new_pdb_sha256)?;
    for (field, codes) in [
        ("build.accepted_risks", &build.accepted_risks),
        ("build.options.accept", &build.options.accept),
    ] {
        rule_codes(field, codes)?;
    }
    for (field, names) in [
        ("build.options.except", &build.options.except),
        ("build.options.leave_out", &build.options.leave_out),
    ] {
        ascending(field, names, String::as_str)?;
        for function in names {
            name(field, function)?;
        }
    }
    source(build)
}

fn versions(manifest: &Manifest) -> Checked {
    let line = |field, text: &str| {
        let good = text.len() <= MAX_TITLE && !text.contains(char::is_control);
        require(
            good,
            field,
            text,
            "one line of at most 1024 bytes is allowed",
        )
    };
    if let Some(version) = &manifest.version {
        line("version.old", &version.old)?;
        line("version.new", &version.new)?;
        for function in &version.carried {
            name("version.carried", function)?;
        }
    }
    ascending("left_out", &manifest.left_out, |f| f.rva)?;
    for function in &manifest.left_out {
        name("left_out.name", &function.name)?;
        line("left_out.reason", &function.reason)?;
        inside(
            &function.name,
            function.rva,
            1,
            manifest.target.size_of_image,
        )?;
    }
    Ok(())
}

/// Where the source is: printable, and no place for a password.
fn source(build: &Provenance) -> Checked {
    let printable = |text: &str, max| {
        (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    if let Some(uri) = &build.source_repository {
        let scheme = |s: &str| s.starts_with(|c: char| c.is_ascii_alphabetic());
        let good = printable(uri, MAX_SOURCE)
            && uri.split_once(':').is_some_and(|(s, _)| scheme(s))
            && !has_password(uri);
        let expected = "a URI without a password is needed, such as \
                        https://git.example.com/server";
        // What may be a password is not repeated.
        let shown = if has_password(uri) { "…" } else { uri };
        require(good, "build.source_repository", shown, expected)?;
    }
    if let Some(revision) = &build.source_revision {
        let expected = "1 to 256 printable ASCII characters without spaces are needed";
        let good = printable(revision, 256);
        require(good, "build.source_revision", revision, expected)?;
    }
    Ok(())
}

/// Whether a URI has a password, or a token in its place: `scheme://user:password@host`, or
/// over HTTP any user at all.
fn has_password(uri: &str) -> bool {
    let (scheme, rest) = uri.split_once("//").unwrap_or(("", ""));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || scheme.contains("http") && !user.is_empty()
}

fn rule_codes(field: &str, codes: &[String]) -> Checked {
    for code in codes {
        let good = code.len() == 5
            && code.starts_with("HP")
            && code.bytes().skip(2).all(|b| b.is_ascii_digit());
        let expected = "the code of a rule such as HP301 is needed";
        require(good, field, code, expected)?;
    }
    Ok(())
}

fn name(field: &str, value: &str) -> Checked {
    let good = (1..=MAX_NAME).contains(&value.len()) && !value.contains('\0');
    require(
        good,
        field,
        value,
        "1 to 65535 bytes without a NUL are allowed",
    )
}

fn sha256(field: &str, value: &str) -> Checked {
    require(
        is_hex(value, 32),
        field,
        value,
        "64 lower-case hex digits are needed",
    )
}

fn is_hex(value: &str, bytes: usize) -> bool {
    value.len() == bytes * 2
        && value
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn inside(what: &str, start: Rva, size: u32, limit: u32) -> Checked {
    match start.checked_add(size) {
        Some(end) if size > 0 && end.0 <= limit => Ok(()),
        _ => Err(ManifestError::Range {
            what: what.to_owned(),
            start,
            size,
            limit,
        }),
    }
}

fn ascending<'a, T, K: Ord + ToString>(
    list: &'static str,
    entries: impl IntoIterator<Item = &'a T>,
    key: impl Fn(&'a T) -> K,
) -> Checked
where
    T: 'a,
{
    let mut last: Option<K> = None;
    for entry in entries {
        let key = key(entry);
        if last.is_some_and(|last| last >= key) {
            let value = key.to_string();
            return Err(ManifestError::Order { list, value });
        }
        last = Some(key);
    }
    Ok(())
}

fn require(good: bool, field: &str, value: &str, expected: &'static str) -> Checked {
    if good {
        return Ok(());
    }
    Err(ManifestError::Field {
        field: field.to_owned(),
        value: value.chars().take(200).collect(),
        expected,
    })
}

#[cfg(test)]
mod tests;
