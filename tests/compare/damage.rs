//! Damaged images and PDBs: a clear error or a verdict, never a panic, never a hang.

use hotpatch::addr::Rva;
use hotpatch::diff::Diff;
use hotpatch::function::Program;
use hotpatch::image::Image;
use hotpatch::plan::Plan;
use hotpatch::report::diff::{BuildReport, Compared, DiffReport, Shown};
use hotpatch::report::listing::Side;
use hotpatch::symbols::{Fixup, Lines, SeparatedCode, Symbols};
use proptest::prelude::*;

use super::{diff, fixture, server};

/// Runs every pure stage over what may be damaged.
fn run_stages(image: &[u8], pdb: &[u8]) {
    if let (Ok(image), Ok(symbols)) = (Image::parse(image), Symbols::parse(pdb)) {
        run_stages_over(&image, &symbols, pdb);
    }
}

fn run_stages_over(image: &Image<'_>, symbols: &Symbols, pdb: &[u8]) {
    if !hotpatch::image::kind_findings(image, "it").is_empty() {
        return;
    }
    let program = Program::new(image, symbols);
    let good_image = read("old/server.exe");
    let good_pdb = read("old/server.pdb");
    let old_image = Image::parse(&good_image).unwrap();
    let old_symbols = Symbols::parse(&good_pdb).unwrap();
    let old = Program::new(&old_image, &old_symbols);
    for (a, b) in [(&old, &program), (&program, &old), (&program, &program)] {
        let mut difference = Diff::new(a, b);
        let changed = &difference.functions.changed;
        let of_a = changed.iter().flat_map(|c| a.code_ranges(c.old));
        let of_b = changed.iter().flat_map(|c| b.code_ranges(c.new));
        let (of_a, of_b): (Vec<_>, Vec<_>) = (of_a.collect(), of_b.collect());
        // Both PDBs serve for both sides: lines that do not belong are damage as well.
        let a_lines = Lines::read(pdb, &of_a).unwrap_or_default();
        let b_lines = Lines::read(&good_pdb, &of_b).unwrap_or_default();
        difference.set_aside_line_numbers((a, &a_lines), (b, &b_lines));
        let plan = Plan::new(a, b, &difference, &[]);
        let side = |program, lines| Side { program, lines };
        let compared = Compared {
            old: side(a, &a_lines),
            new: side(b, &b_lines),
            diff: &difference,
        };
        let build = || BuildReport::new(String::new(), None, a.image);
        let report = DiffReport::new(build(), build(), Some(compared), &Shown::All, &plan, &[]);
        let _ = (report.text(), report.html(a.image).unwrap(), report.sarif());
        let _ = hotpatch::plan::check_all(b);
    }
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(fixture(&format!("server/{path}"))).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_of_an_image(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let (mut image, pdb) = (read("new/server.exe"), read("new/server.pdb"));
        for (at, value) in flips {
            let at = at.index(image.len());
            image[at] = value;
        }
        run_stages(&image, &pdb);
    }

    #[test]
    fn flipped_bytes_of_the_headers(flips in prop::collection::vec((0usize..0x400, any::<u8>()), 1..4)) {
        let (mut image, pdb) = (read("new/server.exe"), read("new/server.pdb"));
        for (at, value) in flips {
            image[at] = value;
        }
        run_stages(&image, &pdb);
    }

    #[test]
    fn flipped_bytes_of_a_pdb(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let (image, mut pdb) = (read("new/server.exe"), read("new/server.pdb"));
        for (at, value) in flips {
            let at = at.index(pdb.len());
            pdb[at] = value;
        }
        run_stages(&image, &pdb);
    }

    #[test]
    fn cut_off_files(image_len in any::<prop::sample::Index>(), pdb_len in any::<prop::sample::Index>()) {
        let (image, pdb) = (read("new/server.exe"), read("new/server.pdb"));
        run_stages(&image[..image_len.index(image.len())], &pdb);
        run_stages(&image, &pdb[..pdb_len.index(pdb.len())]);
    }
}

/// The symbols of the server with something wrong in them, through all stages.
fn with_symbols(damage: impl Fn(&mut Symbols)) {
    let (image, pdb) = (read("new/server.exe"), read("new/server.pdb"));
    let mut symbols = Symbols::parse(&pdb).unwrap();
    damage(&mut symbols);
    run_stages_over(&Image::parse(&image).unwrap(), &symbols, &pdb);
}

#[test]
fn fixups_that_lie_across_instructions_or_the_end_of_a_function() {
    for before_the_end in [1, 2, 3, 4] {
        with_symbols(|symbols| {
            for procedure in &symbols.procedures {
                let end = procedure.rva.0 + procedure.size;
                for rva in [procedure.rva, Rva(end - before_the_end.min(procedure.size))] {
                    let (kind, target) = (3, Rva(0x1000));
                    symbols.fixups.push(Fixup { kind, rva, target });
                }
            }
            symbols.fixups.sort_by_key(|f| f.rva);
            symbols.fixups.dedup_by_key(|f| f.rva);
        });
    }
}

#[test]
fn separated_parts_that_are_parts_of_each_other() {
    // In a circle, and in a chain through all functions.
    with_symbols(|symbols| {
        let places: Vec<(Rva, u32)> = symbols.procedures.iter().map(|p| (p.rva, p.size)).collect();
        let part = |(rva, size): (Rva, u32), parent: Rva| SeparatedCode { rva, size, parent };
        for pair in places.windows(2) {
            symbols.separated.push(part(pair[1], pair[0].0));
        }
        let (first, last) = (places[0], places[places.len() - 1]);
        symbols.separated.push(part(first, last.0));
        symbols.separated.sort_by_key(|s| s.rva);
    });
}

#[test]
fn a_cut_off_image_is_named() {
    let folder = super::support::Folder::new();
    let bytes = std::fs::read(server("old")).unwrap();
    folder.write("cut.exe", &bytes[..bytes.len() / 2]);
    let run = diff(&folder.path("cut.exe"), &server("new"), &[]);
    assert!(run.failed(1).contains("cut.exe"), "{run:?}");
}

/// Makes every block of line numbers claim more of them than it has, on which the crate that
/// reads them panics; returns how many there are.
fn damage_lines(pdb: &mut [u8]) -> usize {
    const SUBSECTION: [u8; 4] = [0xf2, 0, 0, 0];
    let word = |b: &[u8], at: usize| u32::from_le_bytes(b[at..at + 4].try_into().unwrap());
    let mut count = 0;
    for at in 0..pdb.len() - 32 {
        if pdb[at..].starts_with(&SUBSECTION) {
            // Subsection and lines header, then file, number of lines and size of the block.
            let (lines, size) = (word(pdb, at + 24), word(pdb, at + 28));
            let bytes = lines.checked_mul(8).and_then(|b| b.checked_add(12));
            if lines > 0 && bytes == Some(size) {
                pdb[at + 24..at + 28].copy_from_slice(&(lines + 1000).to_le_bytes());
                count += 1;
            }
        }
    }
    count
}

#[test]
fn what_the_reader_of_pdbs_panics_on_is_no_noise() {
    let folder = super::support::Folder::new();
    for variant in ["old", "new"] {
        folder.write(
            &format!("{variant}.exe"),
            &read(&format!("{variant}/server.exe")),
        );
        let mut pdb = read(&format!("{variant}/server.pdb"));
        assert!(
            damage_lines(&mut pdb) > 4,
            "the fixture has other line tables"
        );
        folder.write(&format!("{variant}.pdb"), &pdb);
    }
    // Lines explain a change, they do not make it.
    let run = folder.run("diff old.exe new.exe");
    assert!(run.good().starts_with("Patchable"), "{run:?}");
}

#[test]
fn a_contribution_of_no_object_file_is_an_error() {
    const CODE: [u8; 4] = 0x6050_0020_u32.to_le_bytes();
    let folder = super::support::Folder::new();
    for variant in ["old", "new"] {
        let image = read(&format!("{variant}/server.exe"));
        folder.write(&format!("{variant}.exe"), &image);
        let mut pdb = read(&format!("{variant}/server.pdb"));
        let entries = (0..pdb.len() - 8).step_by(4);
        let entries: Vec<usize> = entries.filter(|at| pdb[*at..].starts_with(&CODE)).collect();
        assert!(entries.len() > 4, "the fixture has other contributions");
        if variant == "new" {
            // The last ones are those of the table. The number of the object file follows.
            let at = entries[entries.len() - 1] + 4;
            pdb[at..at + 2].copy_from_slice(&0x7fff_u16.to_le_bytes());
        }
        folder.write(&format!("{variant}.pdb"), &pdb);
    }
    let run = folder.run("diff old.exe new.exe");
    assert!(run.failed(1).contains("object file 32767"), "{run:?}");
}
