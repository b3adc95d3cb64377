//! The parts that programs are put together from.
//!
//! A template is a C or C++ file in `templates` with markup:
//!
//! | markup | meaning |
//! |---|---|
//! | `%let N = 3..9` | a number chosen for each instance; written `$N` |
//! | `%file x/util.c [nodebug]` | what follows is a file of its own |
//! | `%type`, `%const`, `%var`, `%fn` | begin an item: declarations, one constant, one variable, one function with its signature on the first line |
//! | `%raw` | an item that the model cannot have in two versions |
//! | `%needs exceptions`, `%needs gnu` … | where it can be built |
//! | `%unmodelled` | the model cannot say what it does after a patch; it leaves it out |
//! | `@` | a prefix of the instance |
//! | `{{class: old ~~ new ~~ new}}` | a place that edits change |
//! | `{{class#label: old ~~ new}}` | the same; all with one label change together |
//! | `[[key: static int ?n = 3]]` | a static variable of a block, `key` its identity |
//!
//! Comments before the first item say what the template shows. Each has a function
//! `EXPORT int @run(int round)`.

use std::path::Path;

use crate::rng::Rng;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Type,
    Const,
    Var,
    Function,
    Raw,
}

/// A stretch of an item.
#[derive(Clone, Debug)]
pub enum Segment {
    Text(String),
    Site(Site),
}

/// A place that edits change.
#[derive(Clone, Debug)]
pub struct Site {
    /// What an edit there is: `op`, `const`, `stmt`, `init`, …
    pub class: String,
    /// Sites of one label change together.
    pub label: String,
    /// The old text, then the new ones.
    pub alternatives: Vec<String>,
}

/// A declaration or definition.
#[derive(Clone, Debug)]
pub struct Item {
    pub kind: Kind,
    /// Which of the instance's files it is in; the first is shared with other parts.
    pub file: usize,
    pub segments: Vec<Segment>,
}

/// A file of an instance's own.
#[derive(Clone, Debug)]
pub struct OwnFile {
    /// Path in the program's folder.
    pub path: String,
    /// Compiled with debug information.
    pub debug: bool,
}

/// An instance of a template.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The model knows what it does after a patch.
    pub modelled: bool,
    pub items: Vec<Item>,
    pub files: Vec<OwnFile>,
}

/// The text of a template.
#[derive(Clone, Debug)]
pub struct Template {
    pub name: String,
    pub cpp: bool,
    pub needs: Vec<String>,
    text: String,
}

impl Template {
    /// Reads all templates, in the order of their names.
    pub fn read_all(folder: &Path) -> Vec<Template> {
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
            .map(|entry| entry.expect("a template").path())
            .collect();
        paths.sort();
        paths.iter().map(|p| Template::read(p)).collect()
    }

    fn read(path: &Path) -> Template {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let needs = text.lines().filter_map(|l| l.strip_prefix("%needs "));
        Template {
            name: path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            cpp: path.extension().is_some_and(|e| e == "cpp"),
            needs: needs
                .flat_map(|l| l.split_whitespace())
                .map(Into::into)
                .collect(),
            text,
        }
    }

    /// Whether it says that it needs this.
    pub fn does_need(&self, what: &str) -> bool {
        self.needs.iter().any(|n| n == what)
    }

    /// Makes an instance: numbers are chosen, and names get a prefix.
    pub fn instance(&self, prefix: &str, rng: &mut Rng) -> Instance {
        let mut text = self.text.clone();
        for (name, value) in self.numbers(rng) {
            text = text.replace(&format!("${name}"), &value.to_string());
        }
        let text = text.replace('@', &format!("{prefix}_"));
        let mut instance = Instance {
            modelled: !self.text.contains("\n%unmodelled"),
            items: Vec::new(),
            files: Vec::new(),
        };
        let mut open: Option<(Kind, String)> = None;
        for line in text.lines() {
            let Some(directive) = line.strip_prefix('%') else {
                if let Some((_, text)) = &mut open {
                    text.push_str(line);
                    text.push('\n');
                }
                continue;
            };
            self.close(&mut instance, open.take());
            let (word, rest) = directive.split_once(' ').unwrap_or((directive, ""));
            let kind = match word {
                "type" => Kind::Type,
                "const" => Kind::Const,
                "var" => Kind::Var,
                "fn" => Kind::Function,
                "raw" => Kind::Raw,
                "file" => {
                    instance.files.push(own_file(prefix, rest));
                    continue;
                }
                "let" | "needs" | "unmodelled" => continue,
                other => panic!("{}: no directive %{other}", self.name),
            };
            open = Some((kind, format!("{rest}\n")));
        }
        self.close(&mut instance, open);
        instance
    }

    fn close(&self, instance: &mut Instance, open: Option<(Kind, String)>) {
        let Some((kind, text)) = open else { return };
        let number = instance.items.len();
        instance.items.push(Item {
            kind,
            file: instance.files.len(),
            segments: segments(&format!("{}{number}", self.name), text.trim_end()),
        });
    }

    fn numbers(&self, rng: &mut Rng) -> Vec<(String, i32)> {
        let lines = self.text.lines().filter_map(|l| l.strip_prefix("%let "));
        let mut numbers: Vec<(String, i32)> = lines
            .map(|line| {
                let wrong = || panic!("{}: %let {line}", self.name);
                let (name, range) = line.split_once(" = ").unwrap_or_else(wrong);
                let (from, to) = range.split_once("..").unwrap_or_else(wrong);
                let number = |text: &str| text.trim().parse().unwrap_or_else(|_| panic!("{line}"));
                (name.trim().to_owned(), rng.range(number(from), number(to)))
            })
            .collect();
        numbers.sort_by_key(|n| std::cmp::Reverse(n.0.len()));
        numbers
    }
}

fn own_file(prefix: &str, words: &str) -> OwnFile {
    let mut words = words.split_whitespace();
    let path = words.next().unwrap_or_default();
    OwnFile {
        path: format!("{prefix}{path}"),
        debug: words.all(|w| w != "nodebug"),
    }
}

/// Cuts a text at its sites. `name` makes labels for those that have none.
fn segments(name: &str, text: &str) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        // `}}` may be the end of two blocks; a site begins with its class.
        let Some((inside, behind)) = after.split_once("}}") else {
            break;
        };
        let Some((class, alternatives)) = inside.split_once(':') else {
            found.push(Segment::Text(format!("{before}{{{{")));
            rest = after;
            continue;
        };
        if !class.chars().all(|c| c.is_ascii_alphanumeric() || c == '#') {
            found.push(Segment::Text(format!("{before}{{{{")));
            rest = after;
            continue;
        }
        found.push(Segment::Text(before.into()));
        let (class, label) = match class.split_once('#') {
            Some((class, label)) => (class, label.to_owned()),
            None => (class, format!("{name}.{}", found.len())),
        };
        let alternatives = alternatives.split("~~").map(|a| a.trim().to_owned());
        found.push(Segment::Site(Site {
            class: class.into(),
            label,
            alternatives: alternatives.collect(),
        }));
        rest = behind;
    }
    found.push(Segment::Text(rest.into()));
    found
}

impl Item {
    /// The text with one alternative chosen for each label that `chosen` knows.
    pub fn text(&self, chosen: impl Fn(&str) -> usize) -> String {
        let pieces = self.segments.iter().map(|segment| match segment {
            Segment::Text(text) => text.as_str(),
            Segment::Site(site) => site.alternatives[chosen(&site.label)].as_str(),
        });
        pieces.collect()
    }
}

impl Instance {
    /// All sites, one for each label.
    pub fn sites(&self) -> Vec<&Site> {
        let mut found: Vec<&Site> = Vec::new();
        for segment in self.items.iter().flat_map(|i| &i.segments) {
            if let Segment::Site(site) = segment
                && !found.iter().any(|s| s.label == site.label)
            {
                found.push(site);
            }
        }
        found
    }
}
