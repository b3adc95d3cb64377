//! What a pair of programs is: parts, edits and how they are built. Small enough to be
//! reduced, and the same for ever for one seed.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::csmith;
use crate::rng::Rng;
use crate::template::{Instance, Kind, Template};

/// Edits that change nothing but what the edit itself says: behaviour of code.
const SAFE: [&str; 8] = [
    "op", "const", "cond", "stmt", "call", "catch", "filter", "spec",
];

/// An instance of a template in the program.
#[derive(Clone, Debug)]
pub struct Part {
    /// Names of its functions begin with it.
    pub prefix: String,
    /// Name of what it was made from.
    pub template: String,
    pub instance: Instance,
    /// It has thread-local variables.
    pub thread_locals: bool,
    /// It throws.
    pub exceptions: bool,
    /// The shared file that its first items are in.
    pub unit: usize,
}

/// A change from OLD to NEW.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Another alternative at the sites of a label.
    Site {
        part: String,
        class: String,
        label: String,
        alternative: usize,
    },
    /// Two items of one kind change places.
    Swap {
        part: String,
        first: usize,
        second: usize,
    },
    /// Empty lines and a comment before an item.
    Shift {
        part: String,
        item: usize,
        lines: usize,
    },
    /// The parts of a shared file in reverse order.
    PartOrder { unit: usize },
    /// The object files in another order.
    LinkOrder { seed: u64 },
    /// Another base address.
    Base { number: u64 },
}

impl Edit {
    /// Name of the kind of edit.
    pub fn class(&self) -> &str {
        match self {
            Edit::Site { class, .. } => class,
            Edit::Swap { .. } => "swap",
            Edit::Shift { .. } => "shift",
            Edit::PartOrder { .. } => "parts",
            Edit::LinkOrder { .. } => "link-order",
            Edit::Base { .. } => "base",
        }
    }

    /// Changes code only: nothing stands in the way of a patch.
    pub fn is_safe(&self) -> bool {
        SAFE.contains(&self.class()) || self.is_movement()
    }

    /// Changes no function.
    pub fn is_movement(&self) -> bool {
        !matches!(self, Edit::Site { .. }) || self.class() == "space"
    }

    /// The part that it is in.
    pub fn part(&self) -> Option<&str> {
        match self {
            Edit::Site { part, .. } | Edit::Swap { part, .. } | Edit::Shift { part, .. } => {
                Some(part)
            }
            _ => None,
        }
    }
}

/// A pair of programs.
#[derive(Clone, Debug)]
pub struct Spec {
    pub config: Config,
    pub parts: Vec<Part>,
    pub edits: Vec<Edit>,
}

/// Which of the two builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Old,
    New,
}

impl Side {
    /// Name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Side::Old => "old",
            Side::New => "new",
        }
    }
}

impl Spec {
    /// The program of a seed, without edits.
    pub fn program(seed: u64, templates: &[Template], only: Option<&str>) -> Spec {
        let mut rng = Rng::new(seed);
        let mut config = Config::new(seed, &mut rng);
        let fitting: Vec<&Template> = templates
            .iter()
            .filter(|t| config.can_build(t) && only.is_none_or(|o| t.name.contains(o)))
            .collect();
        let count = if fitting.is_empty() {
            0
        } else {
            3 + rng.below(6)
        };
        let mut parts = Vec::new();
        for number in 0..count {
            let template = *rng.pick(&fitting);
            let prefix = format!("p{number}");
            let mut own = Rng::new(rng.next());
            parts.push(Part {
                instance: template.instance(&prefix, &mut own),
                thread_locals: template.does_need("thread-locals"),
                exceptions: template.does_need("exceptions"),
                unit: 2 * rng.below(2) + usize::from(template.cpp),
                prefix,
                template: template.name.clone(),
            });
        }
        // What throwing needs is large, and only for those that do.
        if !parts.iter().any(|p| p.exceptions) {
            config.leave_out_exceptions();
        }
        Spec {
            config,
            parts,
            edits: Vec::new(),
        }
    }

    /// Adds programs of csmith to the one of this seed.
    pub fn add_csmith(&mut self, seed: u64) -> Result<(), String> {
        let mut rng = Rng::new(seed ^ 0x0063_736d_6974_6800);
        for _ in 0..1 + rng.below(2) {
            let prefix = format!("p{}", self.parts.len());
            self.parts.push(Part {
                instance: csmith::instance(&prefix, rng.next())?,
                thread_locals: false,
                exceptions: false,
                unit: 0,
                prefix,
                template: "csmith".into(),
            });
        }
        Ok(())
    }

    /// The same program with some edits.
    pub fn edited(&self, rng: &mut Rng, only: Option<&str>) -> Spec {
        let mut spec = self.clone();
        if self.parts.is_empty() {
            return spec;
        }
        let sites = match rng.below(100) {
            0..12 => 0,
            12..70 => 1,
            70..90 => 2,
            _ => 3,
        };
        for _ in 0..sites {
            let part = rng.pick(&self.parts).clone();
            let known = part.instance.sites();
            let known: Vec<_> = known
                .iter()
                .filter(|s| only.is_none_or(|o| s.class == o))
                .collect();
            if known.is_empty() {
                continue;
            }
            let site = rng.pick(&known);
            let taken = spec.edits.iter().any(
                |e| matches!(e, Edit::Site { part: p, label, .. } if *p == part.prefix && *label == site.label),
            );
            if !taken {
                spec.edits.push(Edit::Site {
                    part: part.prefix.clone(),
                    class: site.class.clone(),
                    label: site.label.clone(),
                    alternative: 1 + rng.below(site.alternatives.len() - 1),
                });
            }
        }
        if sites == 0 || rng.percent(35) {
            spec.edits.extend(self.movement(rng));
        }
        spec
    }

    /// An edit that moves things.
    fn movement(&self, rng: &mut Rng) -> Option<Edit> {
        let part = rng.pick(&self.parts);
        let prefix = part.prefix.clone();
        let items = &part.instance.items;
        Some(match rng.below(6) {
            0 | 1 => {
                let first = rng.below(items.len());
                // Data come before what uses them: nothing but functions lies between.
                let fits = |i: &usize| {
                    let between = &items[first.min(*i)..=first.max(*i)];
                    let file = items[first].file;
                    *i != first
                        && between
                            .iter()
                            .all(|i| i.kind == Kind::Function && i.file == file)
                };
                let others: Vec<usize> = (0..items.len()).filter(fits).collect();
                if others.is_empty() {
                    return None;
                }
                let second = *rng.pick(&others);
                Edit::Swap {
                    part: prefix,
                    first,
                    second,
                }
            }
            2 => Edit::Shift {
                part: prefix,
                item: rng.below(items.len()),
                lines: 1 + rng.below(9),
            },
            3 => Edit::PartOrder { unit: part.unit },
            4 => Edit::Base {
                number: 1 + rng.next() % 0xfff,
            },
            _ => Edit::LinkOrder { seed: rng.next() },
        })
    }

    /// The alternatives that a build of a part has, by labels.
    pub fn chosen(&self, part: &Part, side: Side) -> BTreeMap<&str, usize> {
        let mut chosen = BTreeMap::new();
        if side == Side::New {
            for edit in &self.edits {
                if let Edit::Site {
                    part: p,
                    label,
                    alternative,
                    ..
                } = edit
                    && *p == part.prefix
                {
                    chosen.insert(label.as_str(), *alternative);
                }
            }
        }
        chosen
    }

    /// Whether edits change code only.
    pub fn is_safe(&self) -> bool {
        self.edits.iter().all(Edit::is_safe)
    }

    /// Whether edits change no function.
    pub fn is_movement(&self) -> bool {
        self.edits.iter().all(Edit::is_movement)
    }

    /// Whether both builds have the same object files.
    pub fn moves_objects(&self) -> bool {
        let moves = |e: &Edit| matches!(e, Edit::LinkOrder { .. } | Edit::Base { .. });
        self.edits.iter().all(moves)
    }

    /// Whether parts were not written for it.
    pub fn has_random(&self) -> bool {
        self.parts.iter().any(|p| p.template == "csmith")
    }

    /// Takes the parts out again that csmith made.
    pub fn remove_csmith(&mut self) {
        self.parts.retain(|p| p.template != "csmith");
    }

    /// The kinds of its edits.
    pub fn classes(&self) -> Vec<&str> {
        let mut classes: Vec<&str> = self.edits.iter().map(Edit::class).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }
}
