//! Which bytes of the old image are which of the new one: what code that stays refers to,
//! what carries the same name, and what the pointers in these lead to.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::roles::{Apart, Roles};
use super::tables::Tables;
use crate::addr::Rva;
use crate::diff::{Comparer, image_relative_fields};
use crate::function::{DataIndex, FunctionIndex, Place, ReferenceKind, Site};
use crate::image::SectionKind;
use crate::symbols::ThreadLocal;

/// Index into [`Links::list`].
pub type LinkIndex = u32;

/// Bytes of both images that are the same object.
#[derive(Clone, Debug)]
pub struct Link {
    /// In the old image.
    pub old: Rva,
    /// In the new image.
    pub new: Rva,
    /// How many bytes.
    pub len: u32,
    /// A function that stays and refers to it, where it is a constant.
    pub user: Option<FunctionIndex>,
    /// The datum that it is.
    pub datum: Option<(DataIndex, DataIndex)>,
    /// The bytes that differ, as offset and length: other values, or pointers that lead to
    /// what differs.
    pub differs: Vec<(u32, u32)>,
}

/// A place that code which stays refers to, in both images.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// In the old image.
    pub old: Rva,
    /// In the new image.
    pub new: Rva,
    /// The old function.
    pub user: FunctionIndex,
}

/// All links.
pub struct Links<'l> {
    comparer: &'l Comparer<'l>,
    tables: (&'l Tables, &'l Tables),
    /// The links.
    pub list: Vec<Link>,
    /// Pointers: the link led to, the one that holds the pointer, and the pointer's offset.
    pub pointers: Vec<(LinkIndex, LinkIndex, u32)>,
    /// Addresses of data that code takes.
    pub operands: Vec<Operand>,
    known: HashMap<(Rva, Rva, u32), LinkIndex>,
    compared: usize,
}

/// What a pair of places is.
enum Target {
    /// The same, as far as bytes are concerned.
    Same,
    /// Not the same.
    Other,
    /// The same object where these bytes are the same.
    Bytes(Rva, Rva, u32, Option<(DataIndex, DataIndex)>),
}

impl<'l> Links<'l> {
    /// No links yet.
    pub fn new(comparer: &'l Comparer<'l>, tables: (&'l Tables, &'l Tables)) -> Self {
        Links {
            comparer,
            tables,
            list: Vec::new(),
            pointers: Vec::new(),
            operands: Vec::new(),
            known: HashMap::new(),
            compared: 0,
        }
    }

    /// Links what the code of functions that stay refers to.
    pub fn of_code(&mut self, roles: &Roles) {
        let (old, new) = (self.comparer.old, self.comparer.new);
        let in_code = |rva: Rva| {
            let section = old.image.section_at(rva);
            section.is_none_or(|s| s.kind() == SectionKind::Code)
        };
        let is_left_out = |a: Rva, b: Rva| {
            let mut texts = roles.texts.iter();
            texts.any(|[(old, _), (new, _)]| (*old, *new) == (a, b))
        };
        for (o, n, apart) in &roles.pairs {
            let references = (&old.code_of(*o).references, &new.code_of(*n).references);
            for (r, s) in references.0.iter().zip(references.1) {
                if (r.at, r.kind) != (s.at, s.kind)
                    || r.kind == ReferenceKind::ThreadLocal
                    || in_code(r.target)
                    || *apart == Apart::Version && is_left_out(r.target, s.target)
                {
                    continue;
                }
                let accessed = match r.kind {
                    ReferenceKind::Access(size) => Some(u32::from(size)),
                    _ => None,
                };
                if accessed.is_none() {
                    self.operands.push(Operand {
                        old: r.target,
                        new: s.target,
                        user: *o,
                    });
                }
                if let Target::Bytes(a, b, len, datum) = self.target(r.target, s.target, accessed) {
                    let link = self.link(a, b, len, datum);
                    let writable = old.is_writable(a);
                    let link = &mut self.list[link as usize];
                    if !writable && link.user.is_none() {
                        link.user = Some(*o);
                    }
                }
            }
        }
    }

    /// Links data that carry the same name.
    pub fn of_names(&mut self) {
        let (old, new) = (self.comparer.old, self.comparer.new);
        for (d, e) in self.comparer.keys.data_pairs() {
            let (a, b) = (old.datum(d), new.datum(e));
            let in_table = self.tables.0.holds(a.rva) || self.tables.1.holds(b.rva);
            if in_table || a.names.iter().any(|n| is_label(&n.name)) {
                continue;
            }
            let len = a.content_size().min(b.content_size());
            self.link(a.rva, b.rva, len, Some((d, e)));
        }
    }

    /// Links the initial values of thread-locals that carry the same name.
    pub fn of_thread_locals(&mut self) {
        let (old, new) = (self.comparer.old, self.comparer.new);
        let (Some(t), Some(u)) = (&old.image.tls, &new.image.tls) else {
            return;
        };
        let ends = (
            t.template.0.saturating_add(t.template_size),
            u.template.0.saturating_add(u.template_size),
        );
        let extent = |list: &[ThreadLocal], rva: Rva, end: u32| {
            let next = list.iter().map(|v| v.rva.0).filter(|r| *r > rva.0).min();
            next.unwrap_or(end).min(end).saturating_sub(rva.0)
        };
        let (a, b) = (&old.symbols.thread_locals, &new.symbols.thread_locals);
        for v in a {
            let same = |w: &&ThreadLocal| w.name == v.name;
            let mut named = b.iter().filter(same);
            if let (Some(w), None) = (named.next(), named.next()) {
                let len = extent(a, v.rva, ends.0).min(extent(b, w.rva, ends.1));
                self.link(v.rva, w.rva, len, None);
            }
        }
    }

    /// Compares everything that is linked, and what that leads to.
    pub fn follow(&mut self) {
        while self.compared < self.list.len() {
            self.compare(self.compared as LinkIndex);
            self.compared += 1;
        }
        self.spread();
    }

    fn link(
        &mut self,
        old: Rva,
        new: Rva,
        len: u32,
        datum: Option<(DataIndex, DataIndex)>,
    ) -> LinkIndex {
        let index = self.list.len() as LinkIndex;
        match self.known.entry((old, new, len)) {
            Entry::Occupied(known) => {
                let link = &mut self.list[*known.get() as usize];
                link.datum = link.datum.or(datum);
                *known.get()
            }
            Entry::Vacant(free) => {
                free.insert(index);
                self.list.push(Link {
                    old,
                    new,
                    len,
                    user: None,
                    datum,
                    differs: Vec::new(),
                });
                index
            }
        }
    }

    fn target(&self, old: Rva, new: Rva, accessed: Option<u32>) -> Target {
        let (o, n) = (self.comparer.old, self.comparer.new);
        let keys = self.comparer.keys;
        match (o.place(old), n.place(new)) {
            (Place::Function(f, a), Place::Function(g, b)) => {
                let nameless = |f: &crate::function::Function| f.names.is_empty();
                let same = keys.same_function(f, g)
                    || (o.is_funclet(f) && n.is_funclet(g))
                    || (nameless(o.function(f)) && nameless(n.function(g)));
                match a == b && same {
                    true => Target::Same,
                    false => Target::Other,
                }
            }
            (Place::Import(i), Place::Import(j)) => {
                let imports = (&o.image.imports[i as usize], &n.image.imports[j as usize]);
                match imports.0.means_the_same(imports.1) {
                    true => Target::Same,
                    false => Target::Other,
                }
            }
            (Place::Headers(a), Place::Headers(b)) if a == b => Target::Same,
            _ if self.tables.0.holds(old) && self.tables.1.holds(new) => Target::Same,
            (Place::Data(d, a), Place::Data(e, b)) if a == b && keys.same_datum(d, e) => {
                match accessed {
                    Some(size) => Target::Bytes(old, new, size, Some((d, e))),
                    None => {
                        let (x, y) = (o.datum(d), n.datum(e));
                        let len = x.content_size().min(y.content_size());
                        Target::Bytes(x.rva, y.rva, len, Some((d, e)))
                    }
                }
            }
            (Place::Constant, Place::Constant) => {
                let whole = || o.anonymous_extent(old).min(n.anonymous_extent(new));
                Target::Bytes(old, new, accessed.unwrap_or_else(whole), None)
            }
            (Place::Variable, Place::Variable) => {
                let whole = || o.unnamed_size(old).min(n.unnamed_size(new));
                Target::Bytes(old, new, accessed.unwrap_or_else(whole), None)
            }
            (Place::SwitchTable(t), Place::SwitchTable(u)) => {
                let (t, u) = (&o.switch_tables[t as usize], &n.switch_tables[u as usize]);
                let len = t.entries.min(u.entries).saturating_mul(t.entry.width());
                Target::Bytes(old, new, len, None)
            }
            _ => Target::Other,
        }
    }

    /// Finds the bytes of a link that differ, and links what its pointers lead to.
    fn compare(&mut self, index: LinkIndex) {
        let (o, n) = (self.comparer.old, self.comparer.new);
        let Link {
            old,
            new,
            len,
            datum,
            ..
        } = self.list[index as usize];
        let (x, y) = (o.image.rest_of_section(old), n.image.rest_of_section(new));
        let (Some(x), Some(y)) = (x, y) else { return };
        let byte = |bytes: &[u8], at: u32| bytes.get(at as usize).copied().unwrap_or(0);
        // Bytes that belong to fields which hold places.
        let mut fields: Vec<(u32, u32, bool)> = Vec::new();
        let pointers = (
            o.image.relocations_in(old, len),
            n.image.relocations_in(new, len),
        );
        let offsets =
            |list: &[Rva], start: Rva| -> Vec<u32> { list.iter().map(|r| r.0 - start.0).collect() };
        let (p, q) = (offsets(pointers.0, old), offsets(pointers.1, new));
        if p == q {
            for at in p {
                let targets = (
                    o.image.pointer_at(Rva(old.0 + at)),
                    n.image.pointer_at(Rva(new.0 + at)),
                );
                let same = match targets {
                    (Some(s), Some(t)) => self.lead(index, at, s, t),
                    _ => false,
                };
                fields.push((at, 8, same));
            }
        } else {
            // Relocations in one build only: the pointers themselves differ.
            for at in p
                .iter()
                .filter(|at| !q.contains(at))
                .chain(q.iter().filter(|at| !p.contains(at)))
            {
                fields.push((*at, 8, false));
            }
        }
        if let (Place::SwitchTable(t), Place::SwitchTable(u)) = (o.place(old), n.place(new)) {
            let (t, u) = (&o.switch_tables[t as usize], &n.switch_tables[u as usize]);
            let targets = (o.image.switch_targets(t), n.image.switch_targets(u));
            if let (Some(a), Some(b)) = targets {
                let width = t.entry.width();
                for (i, (s, t)) in a.iter().zip(&b).enumerate() {
                    let at = i as u32 * width;
                    let same = self.lead(index, at, *s, *t);
                    fields.push((at, width, same));
                }
            }
        }
        if let Some((d, _)) = datum {
            let d = o.datum(d);
            let names = d.names.iter();
            let rvas: Vec<u32> = names
                .flat_map(|name| image_relative_fields(&name.name, len))
                .filter(|at| *at + 4 <= len && d.rva == old)
                .collect();
            for at in rvas {
                let word = |bytes: &[u8]| {
                    let word = [0, 1, 2, 3].map(|i| byte(bytes, at + i));
                    Rva(u32::from_le_bytes(word))
                };
                let (s, t) = (word(x), word(y));
                let same = (s, t) == (Rva(0), Rva(0)) || self.lead(index, at, s, t);
                fields.push((at, 4, same));
            }
        }
        // Numbers that are references and have no relocation.
        if old.0 & 3 == new.0 & 3 {
            let known: Vec<u32> = fields.iter().map(|(at, _, _)| *at).collect();
            for at in ((old.0.wrapping_neg() & 3)..len.saturating_sub(3)).step_by(4) {
                let differs = (at..at + 4).any(|i| byte(x, i) != byte(y, i));
                let places = (Rva(old.0 + at), Rva(new.0 + at));
                if differs
                    && !known.contains(&at)
                    && let Some(r) = self.comparer.number_reference(places.0, places.1)
                {
                    let same = self.lead(index, at, r.old, r.new);
                    fields.push((at, 4, same));
                }
            }
        }
        fields.sort_unstable();
        let mut differs: Vec<(u32, u32)> = Vec::new();
        let mut note = |at: u32, size: u32| match differs.last_mut() {
            Some((start, length)) if *start + *length == at => *length += size,
            _ => differs.push((at, size)),
        };
        let mut at = 0;
        let mut next = fields.into_iter().peekable();
        while at < len {
            while next.peek().is_some_and(|(from, _, _)| *from < at) {
                next.next();
            }
            match next.peek() {
                Some((from, width, same)) if *from == at => {
                    if !same {
                        note(at, (*width).min(len - at));
                    }
                    at += width;
                    next.next();
                }
                following => {
                    let to = following.map_or(len, |(from, _, _)| (*from).min(len));
                    // Equal runs are skipped at once.
                    let (from, end) = (at as usize, to as usize);
                    if let (Some(a), Some(b)) = (x.get(from..end), y.get(from..end))
                        && a == b
                    {
                        at = to;
                        continue;
                    }
                    for i in at..to {
                        if byte(x, i) != byte(y, i) {
                            note(i, 1);
                        }
                    }
                    at = to;
                }
            }
        }
        self.list[index as usize].differs = differs;
    }

    /// Links what a field leads to; whether it can be the same.
    fn lead(&mut self, holder: LinkIndex, at: u32, old: Rva, new: Rva) -> bool {
        match self.target(old, new, None) {
            Target::Same => true,
            // Other data in both builds: perhaps the end of what lies before.
            Target::Other => {
                let link = &self.list[holder as usize];
                let held = |from: Rva| Site::Pointer(Rva(from.0 + at));
                let held = ((held(link.old), old), (held(link.new), new));
                self.comparer.same_meaning(held.0, held.1) || self.comparer.same_distance(old, new)
            }
            Target::Bytes(a, b, len, datum) => {
                let link = self.link(a, b, len, datum);
                self.pointers.push((link, holder, at));
                true
            }
        }
    }

    /// A pointer to a constant that differs is itself one that differs.
    fn spread(&mut self) {
        let mut pointers = self.pointers.clone();
        pointers.sort_unstable();
        let differs = |l: &Link| !l.differs.is_empty();
        let count = self.list.len() as LinkIndex;
        let mut waiting: Vec<LinkIndex> = (0..count)
            .filter(|i| differs(&self.list[*i as usize]))
            .collect();
        while let Some(link) = waiting.pop() {
            // Variables are what they are, whatever they start with.
            if self.comparer.old.is_writable(self.list[link as usize].old) {
                continue;
            }
            let from = pointers.partition_point(|(to, _, _)| *to < link);
            for (_, holder, at) in pointers[from..].iter().take_while(|p| p.0 == link) {
                let holder_link = &mut self.list[*holder as usize];
                let known = holder_link
                    .differs
                    .iter()
                    .any(|(start, len)| (*start..start + len).contains(at));
                if known {
                    continue;
                }
                if holder_link.differs.is_empty() {
                    waiting.push(*holder);
                }
                let width = 8.min(holder_link.len - at);
                holder_link.differs.push((*at, width));
            }
        }
    }
}

/// Whether a name only marks a border of what the linker has put together: what lies behind it
/// belongs to others.
fn is_label(name: &str) -> bool {
    const LABELS: [&str; 8] = [
        "__CTOR_LIST__",
        "__DTOR_LIST__",
        "__RUNTIME_PSEUDO_RELOC_LIST",
        "__data_start__",
        "__data_end__",
        "__bss_start__",
        "__bss_end__",
        "___crt_",
    ];
    LABELS.iter().any(|label| name.starts_with(label))
}
