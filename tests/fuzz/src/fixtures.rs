//! The fixtures that inputs start from.

use std::sync::OnceLock;

/// A build: image and PDB.
#[derive(Clone, Copy)]
pub struct Build {
    /// The image's file.
    pub image: &'static [u8],
    /// The PDB's file.
    pub pdb: &'static [u8],
}

macro_rules! build {
    ($path:literal) => {
        Build {
            image: include_bytes!(concat!("../../../fixtures/", $path, ".exe")),
            pdb: include_bytes!(concat!("../../../fixtures/", $path, ".pdb")),
        }
    };
}

/// Pairs of builds, old and new.
pub const PAIRS: [(Build, Build); 5] = [
    (build!("noise/old/noise"), build!("noise/new/noise")),
    (
        build!("noise/msvc-old/noise"),
        build!("noise/msvc-new/noise"),
    ),
    (build!("server/old/server"), build!("server/new/server")),
    (
        build!("server/msvc-old/server"),
        build!("server/msvc-new/server"),
    ),
    (
        build!("server/old/server"),
        build!("server/new-unpatchable/server"),
    ),
];

/// All builds of the pairs.
pub fn builds() -> impl Iterator<Item = Build> {
    PAIRS.iter().flat_map(|(old, new)| [*old, *new])
}

/// Images and PDBs that are refused for what they are.
pub const REFUSED: [&[u8]; 6] = [
    include_bytes!("../../../fixtures/refused/arm64.exe"),
    include_bytes!("../../../fixtures/refused/x86.exe"),
    include_bytes!("../../../fixtures/refused/managed.exe"),
    include_bytes!("../../../fixtures/refused/kernel.sys"),
    include_bytes!("../../../fixtures/refused/no-procedures.exe"),
    include_bytes!("../../../fixtures/refused/no-procedures.pdb"),
];

/// A good payload and its manifest, of the pair of servers.
pub fn patch() -> &'static (Vec<u8>, hotpatch::package::manifest::Manifest) {
    static PATCH: OnceLock<(Vec<u8>, hotpatch::package::manifest::Manifest)> = OnceLock::new();
    PATCH.get_or_init(|| make_patch().expect("the fixtures make a patch"))
}

fn make_patch() -> Option<(Vec<u8>, hotpatch::package::manifest::Manifest)> {
    use hotpatch::diff::Diff;
    use hotpatch::function::Program;
    use hotpatch::image::Image;
    use hotpatch::moment::Moment;
    use hotpatch::package::{Inputs, describe, manifest};
    use hotpatch::payload::Payload;
    use hotpatch::plan::Plan;
    use hotpatch::plan::stay::Signatures;
    use hotpatch::symbols::Symbols;

    let (old_build, new_build) = PAIRS[2];
    let images = (
        Image::parse(old_build.image).ok()?,
        Image::parse(new_build.image).ok()?,
    );
    let symbols = (
        Symbols::parse(old_build.pdb).ok()?,
        Symbols::parse(new_build.pdb).ok()?,
    );
    let old = Program::new(&images.0, &symbols.0);
    let new = Program::new(&images.1, &symbols.1);
    let diff = Diff::new(&old, &new);
    let plan = Plan::new(&old, &new, &diff, &[]);
    let payload = Payload::new(&plan, &old, "server.exe").ok()?;
    let inputs = Inputs {
        file_name: "server.exe".into(),
        old: &old,
        new: &new,
        signatures: &Signatures::default(),
        old_pdb: old_build.pdb,
        new_image: new_build.image,
        new_pdb: new_build.pdb,
        source: (None, None),
        options: Default::default(),
        diff: &diff,
    };
    let patch = manifest::Patch {
        id: "seed".into(),
        sequence: 1,
        product: Some("product".into()),
        not_after: Some(Moment::from_seconds(1 << 31)),
        title: Some("seed".into()),
        classification: manifest::Classification::Security,
        cves: vec!["CVE-2024-0001".into()],
        supersedes: vec!["before".into()],
        requires: Vec::new(),
    };
    let manifest = describe(patch, &inputs, &plan, &payload).ok()?;
    Some((payload.object, manifest))
}
