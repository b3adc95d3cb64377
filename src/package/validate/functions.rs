//! What the functions and the externals of a manifest must be.

use super::{Checked, ManifestError, ascending, inside, is_hex, name, require, sha256};
use crate::addr::Rva;
use crate::package::manifest::{CodeRange, External, ImportedSymbol, Manifest, ReplacedFunction};
use crate::payload::names::{REDIRECT_LEN, SHORT_REDIRECT_LEN};

pub(super) fn validate(manifest: &Manifest) -> Checked {
    let size_of_image = manifest.target.size_of_image;
    let (functions, externals) = (&manifest.functions, &manifest.externals);
    let expected = "at least one function is needed";
    require(!functions.is_empty(), "function", "", expected)?;
    ascending("function", functions, |f| f.entry)?;
    for one in functions {
        function(one, size_of_image)?;
    }
    let mut sites: Vec<(Rva, u32, &str)> = functions.iter().flat_map(sites).collect();
    sites.sort_unstable();
    let overlaps = |w: &&[(Rva, u32, &str)]| w[1].0.0 - w[0].0.0 < w[0].1;
    if let Some(close) = sites.windows(2).find(overlaps) {
        return Err(ManifestError::Function {
            function: close[1].2.to_owned(),
            problem: "has its entry or relay under the redirect of another function",
        });
    }
    let entries = functions.iter().map(|f| (f.entry.0, redirect_len(f)));
    let entries: Vec<(u32, u32)> = entries.collect();
    for one in functions {
        padding(one, &entries, size_of_image)?;
    }
    ascending("watched", &manifest.watched, |w| &w.rva)?;
    for one in &manifest.watched {
        name("watched", &one.name)?;
        inside(&one.name, one.rva, one.size, size_of_image)?;
    }
    // Two old functions may have one replacement, but each has a gate of its own.
    let mut gates: Vec<_> = functions.iter().map(|f| f.gate_symbol()).collect();
    gates.sort();
    ascending("function.gate", &gates, |gate| gate.as_ref())?;
    for (_, symbol) in manifest.hooks.iter() {
        name("hooks", symbol)?;
    }
    ascending("import", &manifest.imports, |i| &i.symbol)?;
    for one in &manifest.imports {
        import(one)?;
    }
    ascending("external", externals, |e| &e.symbol)?;
    for one in externals {
        external(one, size_of_image)?;
    }
    Ok(())
}

/// What is overwritten for a function: where, how many bytes, and its name.
fn sites(one: &ReplacedFunction) -> impl Iterator<Item = (Rva, u32, &str)> {
    let entry = (one.entry, redirect_len(one), one.name.as_str());
    let relay = one.relay.as_ref();
    std::iter::once(entry).chain(relay.map(|r| (r.rva, REDIRECT_LEN, one.name.as_str())))
}

/// Where the relay may go instead; `entries` are addresses and lengths of all redirects.
/// Relays of the package itself may be there: each is given a place of its own.
fn padding(one: &ReplacedFunction, entries: &[(u32, u32)], size_of_image: u32) -> Checked {
    let wrong = |problem| {
        Err(ManifestError::Function {
            function: one.name.clone(),
            problem,
        })
    };
    let Some(relay) = &one.relay else {
        return Ok(());
    };
    let mut end = 0;
    for piece in &relay.elsewhere {
        let size = piece.bytes.len() / 2;
        let whole = size > 0 && size.is_multiple_of(REDIRECT_LEN as usize);
        let expected = "a multiple of five bytes in lower-case hex is needed";
        let good = whole && is_hex(&piece.bytes, size);
        require(good, "function.relay.elsewhere", &piece.bytes, expected)?;
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        inside(&one.name, piece.rva, size, size_of_image)?;
        let last = Rva(piece.rva.0 + size - REDIRECT_LEN);
        if !in_reach(one, piece.rva) || !in_reach(one, last) {
            return wrong("has padding that is out of reach of its entry");
        }
        if piece.rva.0 < end {
            return wrong("has padding that overlaps or is out of order");
        }
        end = piece.rva.0 + size;
        let from = entries.partition_point(|(at, len)| at + len <= piece.rva.0);
        if entries.get(from).is_some_and(|(at, _)| *at < end) {
            return wrong("has padding under the redirect of a function");
        }
        let own = one.ranges.iter().filter(|r| r.rva != relay.rva);
        if own
            .map(extent)
            .any(|(from, to)| from < u64::from(end) && to > u64::from(piece.rva.0))
        {
            return wrong("has padding in its own code");
        }
    }
    Ok(())
}

/// Whether a jump of two bytes at the entry can lead there.
fn in_reach(one: &ReplacedFunction, at: Rva) -> bool {
    let distance = i64::from(at.0) - i64::from(one.entry.0 + SHORT_REDIRECT_LEN);
    i8::try_from(distance).is_ok()
}

fn redirect_len(one: &ReplacedFunction) -> u32 {
    match one.relay {
        Some(_) => SHORT_REDIRECT_LEN,
        None => REDIRECT_LEN,
    }
}

fn function(one: &ReplacedFunction, size_of_image: u32) -> Checked {
    let wrong = |problem| {
        Err(ManifestError::Function {
            function: one.name.clone(),
            problem,
        })
    };
    for (field, value) in [
        ("function.name", Some(&one.name)),
        ("function.linkage_name", one.linkage_name.as_ref()),
        ("function.symbol", Some(&one.symbol)),
        ("function.gate", one.gate.as_ref()),
    ] {
        value.map_or(Ok(()), |value| name(field, value))?;
    }
    let bytes = "function.entry_bytes";
    let expected = "five bytes in lower-case hex are needed, or two where there is a relay";
    let good = is_hex(&one.entry_bytes, redirect_len(one) as usize);
    require(good, bytes, &one.entry_bytes, expected)?;
    inside(&one.name, one.entry, redirect_len(one), size_of_image)?;
    if let Some(relay) = &one.relay {
        let expected = "five bytes in lower-case hex are needed";
        let good = is_hex(&relay.bytes, REDIRECT_LEN as usize);
        require(good, "function.relay.bytes", &relay.bytes, expected)?;
        inside(&one.name, relay.rva, REDIRECT_LEN, size_of_image)?;
        let covers = |r: &CodeRange| (r.rva, r.size) == (relay.rva, REDIRECT_LEN);
        if !one
            .ranges
            .iter()
            .any(|r| covers(r) && r.relocated.is_empty())
        {
            return wrong("has a relay that none of its ranges covers");
        }
        if !in_reach(one, relay.rva) {
            return wrong("has a relay that is out of reach of its entry");
        }
    }

    let Some(first) = one.ranges.first() else {
        return wrong("has no range");
    };
    for r in &one.ranges {
        range(&one.name, r, size_of_image)?;
    }
    let mut sorted: Vec<(u64, u64)> = one.ranges.iter().map(extent).collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|w| w[0].1 > w[1].0) {
        return wrong("has ranges that overlap");
    }
    let (start, end) = extent(first);
    let entry = u64::from(one.entry.0);
    if entry != start {
        return wrong("has its entry elsewhere than at the start of its first range");
    }
    let redirect_end = entry + u64::from(redirect_len(one));
    if redirect_end > end {
        return wrong("has a redirect that ends behind its first range");
    }
    let relocated = |at: &u32| {
        let field = start + u64::from(*at);
        field < redirect_end && field + 8 > entry
    };
    if first.relocated.iter().any(relocated) {
        return wrong("has relocated bytes under its redirect");
    }
    Ok(())
}

fn range(function: &str, range: &CodeRange, size_of_image: u32) -> Checked {
    inside(function, range.rva, range.size, size_of_image)?;
    sha256("function.range.sha256", &range.sha256)?;
    for at in &range.relocated {
        inside(
            &format!("{function}, relocated field of {}", range.rva),
            Rva(*at),
            8,
            range.size,
        )?;
    }
    if range
        .relocated
        .windows(2)
        .any(|w| w[1] - w[0].min(w[1]) < 8)
    {
        return Err(ManifestError::Function {
            function: function.to_owned(),
            problem: "has relocated fields that overlap or are out of order",
        });
    }
    Ok(())
}

fn import(one: &ImportedSymbol) -> Checked {
    name("import.symbol", &one.symbol)?;
    name("import.module", &one.module)?;
    let is_file_name = !one.module.contains(['/', '\\', ':']);
    let expected = "a file name without a folder is needed";
    require(is_file_name, "import.module", &one.module, expected)?;
    let expected = "a name or an ordinal is needed, and not both";
    let one_of_both = one.name.is_some() != one.ordinal.is_some();
    require(one_of_both, "import.name", &one.symbol, expected)?;
    one.name.as_ref().map_or(Ok(()), |n| name("import.name", n))
}

fn external(one: &External, size_of_image: u32) -> Checked {
    name("external.symbol", &one.symbol)?;
    inside(&one.symbol, one.rva, 1, size_of_image)
}

fn extent(range: &CodeRange) -> (u64, u64) {
    let start = u64::from(range.rva.0);
    (start, start + u64::from(range.size))
}
