//! `hotpatch diff` and `hotpatch build` without the files and the signature.

use hotpatch::diff::Diff;
use hotpatch::function::Program;
use hotpatch::image::{Image, kind_findings};
use hotpatch::payload::Payload;
use hotpatch::plan::{Plan, Status, check_all};
use hotpatch::report::diff::{BuildReport, Compared, DiffReport, Shown};
use hotpatch::report::listing::Side;
use hotpatch::symbols::{Lines, Symbols};

use crate::edits;

/// A pair of builds with edits.
pub fn diff(data: &[u8]) {
    let Some((old, new)) = edits::pair(data) else {
        return;
    };
    let (Ok(old_image), Ok(new_image)) = (Image::parse(&old.image), Image::parse(&new.image))
    else {
        return;
    };
    let refused = |i: &Image<'_>| !kind_findings(i, "it").is_empty();
    if refused(&old_image) || refused(&new_image) {
        return;
    }
    let (Ok(old_symbols), Ok(new_symbols)) = (Symbols::parse(&old.pdb), Symbols::parse(&new.pdb))
    else {
        return;
    };
    let a = Program::new(&old_image, &old_symbols);
    let b = Program::new(&new_image, &new_symbols);
    let mut diff = Diff::new(&a, &b);
    let changed = &diff.functions.changed;
    let of_a: Vec<_> = changed.iter().flat_map(|c| a.code_ranges(c.old)).collect();
    let of_b: Vec<_> = changed.iter().flat_map(|c| b.code_ranges(c.new)).collect();
    let a_lines = Lines::read(&old.pdb, &of_a).unwrap_or_default();
    let b_lines = Lines::read(&new.pdb, &of_b).unwrap_or_default();
    diff.set_aside_line_numbers((&a, &a_lines), (&b, &b_lines));
    let plan = Plan::new(&a, &b, &diff, &[]);
    let compared = Compared {
        old: Side {
            program: &a,
            lines: &a_lines,
        },
        new: Side {
            program: &b,
            lines: &b_lines,
        },
        diff: &diff,
    };
    let build = |image| BuildReport::new(String::new(), None, image);
    let (of_old, of_new) = (build(&old_image), build(&new_image));
    let report = DiffReport::new(of_old, of_new, Some(compared), &Shown::All, &plan, &[]);
    report.text();
    report.html(&old_image).expect("a page");
    report.sarif();
    check_all(&b);
    if matches!(plan.status, Status::Patchable | Status::Accepted) {
        // What it writes, it reads back itself: an error means that it did not fit.
        let _ = Payload::new(&plan, &a, "app.exe");
    }
}
