//! Every byte counts: whichever byte of the new image is another one, the answer is not
//! "unchanged", unless the byte is one of those that may differ.

use hotpatch::account::Account;
use hotpatch::diff::Diff;
use hotpatch::function::{Program, length_without_padding};
use hotpatch::image::{Image, SectionKind};
use hotpatch::plan::{Plan, Status};
use hotpatch::symbols::Symbols;

/// Single bytes that are changed in each image.
const FLIPS: usize = 400;

#[test]
fn no_byte_changes_unseen() {
    for build in [
        "server/old/server",
        "server/msvc-old/server",
        "noise/msvc-old/noise",
    ] {
        flip_bytes(build);
    }
}

/// Some tools keep something behind the section table; what it is counts, not only that it is.
#[test]
fn bytes_between_headers_and_sections_are_compared() {
    let read =
        |ending: &str| std::fs::read(format!("fixtures/server/old/server.{ending}")).unwrap();
    let (bytes, pdb) = (read("exe"), read("pdb"));
    let symbols = Symbols::parse(&pdb).unwrap();
    let first = {
        let image = Image::parse(&bytes).unwrap();
        let starts = image.sections.iter().map(|s| s.file_range().start);
        starts.filter(|start| *start > 0).min().unwrap()
    };
    let with = |mark: u8| {
        let mut bytes = bytes.clone();
        bytes[first - 8] = mark;
        bytes
    };
    let status = |before: &[u8], after: &[u8]| {
        let images = (Image::parse(before).unwrap(), Image::parse(after).unwrap());
        let old = Program::new(&images.0, &symbols);
        let new = Program::new(&images.1, &symbols);
        Plan::new(&old, &new, &Diff::new(&old, &new), &[]).status
    };
    assert_eq!(status(&with(1), &with(1)), Status::Unchanged);
    assert_ne!(status(&with(1), &with(2)), Status::Unchanged);
}

fn flip_bytes(build: &str) {
    let read = |ending: &str| std::fs::read(format!("fixtures/{build}.{ending}")).unwrap();
    let (bytes, pdb) = (read("exe"), read("pdb"));
    let symbols = Symbols::parse(&pdb).unwrap();
    let image = Image::parse(&bytes).unwrap();
    let old = Program::new(&image, &symbols);
    let may_differ = may_differ(&image);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut missed = Vec::new();
    for flip in 0..FLIPS {
        // Half of them in the headers and data, for these are small.
        let at = match flip % 2 {
            0 => random() as usize % bytes.len(),
            _ => {
                let section = &image.sections[random() as usize % image.sections.len()];
                if section.file_size == 0 {
                    continue;
                }
                section.file_offset + random() as usize % section.file_size
            }
        };
        if may_differ.iter().any(|r| r.contains(&at)) {
            continue;
        }
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (random() % 8);
        let Ok(other) = Image::parse(&changed) else {
            continue;
        };
        let new = Program::new(&other, &symbols);
        let diff = Diff::new(&old, &new);
        let plan = Plan::new(&old, &new, &diff, &[]);
        let is_same = is_padding(&old, &other, at) || same_unwind(&image, &other);
        if plan.status == Status::Unchanged && !is_same {
            let section = image.sections.iter().find(|s| s.file_range().contains(&at));
            let place = section.map(|s| format!("{}+{:#x}", s.name, at - s.file_offset));
            missed.push(format!("{at:#x} ({place:?})"));
        }
    }
    assert!(
        missed.is_empty(),
        "{build}: {} missed: {missed:#?}",
        missed.len()
    );
}

/// Whether a byte lies between functions, and what is there now does nothing either.
fn is_padding(old: &Program<'_>, new: &Image<'_>, at: usize) -> bool {
    let Some(section) = new.sections.iter().find(|s| s.file_range().contains(&at)) else {
        return false;
    };
    let rva = hotpatch::addr::Rva(section.rva.0 + (at - section.file_offset) as u32);
    let before = old.functions.iter().rev().find(|f| f.rva <= rva);
    let after = old.functions.iter().find(|f| f.rva > rva);
    let (Some(f), Some(g)) = (before, after) else {
        return false;
    };
    let between = new.slice(f.end(), g.rva.0.saturating_sub(f.end().0) as usize);
    section.kind() == SectionKind::Code
        && rva >= f.end()
        && between.is_some_and(|bytes| length_without_padding(bytes) == 0)
}

/// Whether an entry of the function table leads to other, but equal unwind information.
fn same_unwind(old: &Image<'_>, new: &Image<'_>) -> bool {
    let entries = old.runtime_functions.iter().zip(&new.runtime_functions);
    let mut moved = entries.filter(|(e, f)| e != f);
    moved.any(|(e, f)| {
        let infos = (old.unwind_info(e.info), new.unwind_info(f.info));
        (e.begin, e.end) == (f.begin, f.end) && matches!(infos, (Ok(a), Ok(b)) if a == b)
    })
}

/// Bytes of the file that may differ: the DOS stub, and times, checksums, versions, sizes, the
/// names of sections, the hints beside the names of imports, and the slot that makes the number
/// of unwind codes even.
fn may_differ(image: &Image<'_>) -> Vec<std::ops::Range<usize>> {
    let word = |at: usize| u32::from_le_bytes(image.bytes[at..at + 4].try_into().unwrap()) as usize;
    let pe = word(60);
    let optional = pe + 24;
    let mut ranges = vec![
        0..pe,
        // TimeDateStamp, and where the symbols of the object format are.
        pe + 8..pe + 20,
        // Linker version and sizes; BaseOfCode.
        optional + 2..optional + 16,
        optional + 20..optional + 24,
        // SectionAlignment, FileAlignment, image version.
        optional + 32..optional + 40,
        optional + 44..optional + 48,
        // SizeOfImage, SizeOfHeaders, CheckSum.
        optional + 56..optional + 68,
        // Where the debug directory is.
        optional + 112 + 6 * 8..optional + 120 + 6 * 8,
    ];
    let debug = word(optional + 112 + 6 * 8) as u32;
    let offset = |rva: u32| {
        let section = image.section_at(hotpatch::addr::Rva(rva))?;
        Some(section.file_offset + (rva - section.rva.0) as usize)
    };
    if let Some(at) = offset(debug).filter(|_| debug != 0) {
        let size = word(optional + 116 + 6 * 8);
        ranges.push(at..at + size);
        for entry in (at..at + size).step_by(28) {
            let data = word(entry + 24);
            ranges.push(data..data + word(entry + 16));
        }
    }
    for entry in &image.runtime_functions {
        let Some(info) = image.slice(entry.info, 4) else {
            continue;
        };
        let count = usize::from(info[2]);
        if count % 2 == 1
            && let Some(at) = offset(entry.info.0)
        {
            ranges.push(at + 4 + count * 2..at + 6 + count * 2);
        }
    }
    let names = optional + 240;
    ranges.extend((0..image.sections.len()).map(|i| names + i * 40..names + i * 40 + 8));
    // SizeOfRawData; places and numbers of relocations and lines, which images do not have.
    ranges.extend((0..image.sections.len()).map(|i| names + i * 40 + 16..names + i * 40 + 20));
    ranges.extend((0..image.sections.len()).map(|i| names + i * 40 + 24..names + i * 40 + 36));
    for import in &image.imports {
        let hint = image
            .slice(import.slot, 8)
            .map(|b| u64::from_le_bytes(b.try_into().unwrap()));
        let hint = hint
            .and_then(|entry| u32::try_from(entry).ok())
            .and_then(offset);
        ranges.extend(hint.map(|at| at..at + 2));
    }
    ranges
}

#[test]
fn the_account_of_a_pair_holds_every_byte_of_both_files() {
    for (old, new) in [
        ("server/old/server", "server/new/server"),
        ("server/msvc-old/server", "server/msvc-new/server"),
        ("noise/old/noise", "noise/new/noise"),
    ] {
        let read = |build: &str, ending: &str| {
            std::fs::read(format!("fixtures/{build}.{ending}")).unwrap()
        };
        let files = (read(old, "exe"), read(new, "exe"));
        let symbols = (
            Symbols::parse(&read(old, "pdb")).unwrap(),
            Symbols::parse(&read(new, "pdb")).unwrap(),
        );
        let images = (
            Image::parse(&files.0).unwrap(),
            Image::parse(&files.1).unwrap(),
        );
        let programs = (
            Program::new(&images.0, &symbols.0),
            Program::new(&images.1, &symbols.1),
        );
        let diff = Diff::new(&programs.0, &programs.1);
        let account = Account::new(&programs.0, &programs.1, &diff, &[]);
        assert_eq!(account.unexplained, [], "{new}");
        for (bytes, file) in [(account.old, &files.0), (account.new, &files.1)] {
            let all = bytes.shared
                + bytes.moved
                + bytes.in_patch
                + bytes.reported
                + bytes.padding
                + bytes.metadata
                + bytes.unexplained;
            assert_eq!(
                (all, bytes.unexplained),
                (file.len() as u64, 0),
                "{new}: {bytes:?}"
            );
        }
    }
}

/// The comparison of functions finds that, too. The account does not rest on it.
#[test]
fn the_account_compares_unwind_codes_by_itself() {
    let read =
        |ending: &str| std::fs::read(format!("fixtures/server/msvc-old/server.{ending}")).unwrap();
    let (bytes, pdb) = (read("exe"), read("pdb"));
    let symbols = Symbols::parse(&pdb).unwrap();
    let image = Image::parse(&bytes).unwrap();
    let old = Program::new(&image, &symbols);
    let diff = Diff::new(&old, &old);
    let entries = image.runtime_functions.iter();
    // Of a code, the second byte says what it is, and how much.
    let mut codes = entries.filter(|e| image.slice(e.info, 4).is_some_and(|head| head[2] > 0));
    let info = codes.next().expect("a function with a frame").info;
    let section = image.section_at(info).unwrap();
    let at = section.file_offset + (info.0 - section.rva.0) as usize;
    let mut changed = bytes.clone();
    changed[at + 5] ^= 0x10;
    let other = Image::parse(&changed).unwrap();
    let account = Account::new(&old, &Program::new(&other, &symbols), &diff, &[]);
    let said = |u: &hotpatch::account::Unexplained| u.detail.contains("unwind information");
    assert!(account.unexplained.iter().any(said), "{account:?}");
}
