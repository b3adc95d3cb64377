//! The packages that were built, as packages.txt says.

use std::collections::BTreeMap;

/// Which image a package is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    Program,
    Library,
}

/// What the model knows of a package.
#[derive(Clone, Debug)]
pub struct Package {
    pub id: String,
    pub image: Image,
    pub product: String,
    pub sequence: u64,
    pub requires: Vec<String>,
    pub supersedes: Vec<String>,
    /// What each function answers with it.
    pub functions: BTreeMap<String, u32>,
}

/// All packages, and all functions of both images.
#[derive(Debug)]
pub struct Catalogue {
    pub packages: Vec<Package>,
}

/// The functions of each image, in the order in which the program tells of them.
pub fn functions(image: Image) -> &'static [&'static str] {
    match image {
        Image::Program => &[
            "s0", "s1", "s2", "s3", "s4", "s5", "m0", "m1", "m2", "m3", "m4", "m5", "w0", "w1",
        ],
        Image::Library => &["z0", "z1", "z2", "d0", "d1", "d2"],
    }
}

impl Catalogue {
    /// Reads packages.txt, which is part of this program.
    pub fn new() -> Catalogue {
        let lines = include_str!("packages.txt").lines();
        let lines = lines.filter(|l| !l.is_empty() && !l.starts_with('#'));
        Catalogue {
            packages: lines.map(package).collect(),
        }
    }

    /// The package with this id.
    pub fn of(&self, id: &str) -> Option<&Package> {
        self.packages.iter().find(|p| p.id == id)
    }
}

fn package(line: &str) -> Package {
    let mut fields = line.split_whitespace();
    let mut next = || fields.next().expect("seven fields");
    let (id, image, product, sequence) = (next(), next(), next(), next());
    let mut list = || {
        let field = next();
        let ids = field.split(',').filter(|id| *id != "-");
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    let (requires, supersedes, functions) = (list(), list(), list());
    let (image, file) = match image {
        "exe" => (Image::Program, "states.exe"),
        _ => (Image::Library, "plug.dll"),
    };
    let function = |text: &String| {
        let (name, version) = text.split_once('=').expect("NAME=VERSION");
        (name.to_owned(), version.parse().expect("a version"))
    };
    Package {
        id: id.to_owned(),
        image,
        product: if product == "-" { file } else { product }.to_owned(),
        sequence: sequence.parse().expect("a sequence"),
        requires,
        supersedes,
        functions: functions.iter().map(function).collect(),
    }
}
