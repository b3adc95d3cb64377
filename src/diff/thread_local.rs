//! Which thread-local variable of the new build is which of the old one, and what an offset
//! into the thread's block means in both.
//!
//! Threads that run have blocks of the old layout, so the comparison and the planner ask the
//! same question: where in the old block is what this offset of the new one means? A variable
//! is known by its name together with its object file and function. What has no name (the
//! guard of an object's constructors, say) is known by its place in what its object file put
//! into the block, where all names in there are where they were; never by how far it is from
//! a variable that happens to lie before it.

use std::collections::HashMap;

use super::keys::Keys;
use super::names::stable_name;
use crate::addr::Rva;
use crate::diff::Comparer;
use crate::function::{
    Program, ThreadLocalName, ThreadLocalPart, ThreadLocalVariable, ThreadLocals,
};

/// What an offset into the block means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// So many bytes into this variable.
    Inside(usize, u32),
    /// The end of this array.
    End(usize),
    /// A place that no variable is known to have.
    Nameless,
}

/// Why a variable has no counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unpaired {
    /// The other build has none of its names.
    Missing,
    /// Several variables have its name.
    Ambiguous,
}

/// The thread-local variables of both builds.
#[derive(Debug)]
pub struct ThreadLocalPairs<'p> {
    old: &'p ThreadLocals,
    new: &'p ThreadLocals,
    /// The old variable of each new one.
    of_new: Vec<Result<usize, Unpaired>>,
    /// Old module of each new module, by index.
    modules: HashMap<u32, u32>,
    /// Everything lies where it lay.
    same_layout: bool,
}

/// A name without what changes from build to build, in terms of the old build's modules. A
/// module without a counterpart has a number that no module of the other build has.
type Key = (String, Option<String>, Option<u64>);

impl<'p> ThreadLocalPairs<'p> {
    /// Pairs the variables of two builds.
    pub fn new(old: &'p Program<'_>, new: &'p Program<'_>, keys: &Keys) -> Self {
        let modules = keys.modules.pairs();
        let modules = modules.map(|(o, n)| (n as u32, o as u32)).collect();
        ThreadLocalPairs::of(&old.thread_locals, &new.thread_locals, modules)
    }

    fn of(old: &'p ThreadLocals, new: &'p ThreadLocals, modules: HashMap<u32, u32>) -> Self {
        let mut pairs = ThreadLocalPairs {
            old,
            new,
            of_new: Vec::new(),
            modules,
            same_layout: false,
        };
        pairs.of_new = pairs.pair();
        pairs.same_layout = pairs.has_same_layout();
        pairs
    }

    fn old_key(&self, name: &ThreadLocalName) -> Key {
        key(name, name.module.map(|m| m.0.into()))
    }

    fn new_key(&self, name: &ThreadLocalName) -> Key {
        let module = name.module.map(|m| match self.modules.get(&m.0) {
            Some(old) => u64::from(*old),
            None => u64::from(u32::MAX) + 1 + u64::from(m.0),
        });
        key(name, module)
    }

    fn pair(&self) -> Vec<Result<usize, Unpaired>> {
        let mut of_old: HashMap<Key, Vec<usize>> = HashMap::new();
        let mut of_new: HashMap<Key, Vec<usize>> = HashMap::new();
        let mut enter = |key, index, is_new: bool| {
            let map = if is_new { &mut of_new } else { &mut of_old };
            let list: &mut Vec<usize> = map.entry(key).or_default();
            if list.last() != Some(&index) {
                list.push(index);
            }
        };
        for (index, variable) in self.old.variables.iter().enumerate() {
            let names = variable.names.iter();
            names.for_each(|n| enter(self.old_key(n), index, false));
        }
        for (index, variable) in self.new.variables.iter().enumerate() {
            let names = variable.names.iter();
            names.for_each(|n| enter(self.new_key(n), index, true));
        }
        let of = |variable: &ThreadLocalVariable| {
            let mut found: Option<usize> = None;
            for key in variable.names.iter().map(|n| self.new_key(n)) {
                let old = of_old.get(&key).map_or(&[][..], Vec::as_slice);
                match (old, of_new[&key].as_slice()) {
                    ([], [_]) => {}
                    ([one], [_]) if found.is_none_or(|f| f == *one) => found = Some(*one),
                    _ => return Err(Unpaired::Ambiguous),
                }
            }
            found.ok_or(Unpaired::Missing)
        };
        let mut pairs: Vec<_> = self.new.variables.iter().map(of).collect();
        // Two variables that claim one and the same are none of them.
        let mut claims: HashMap<usize, u32> = HashMap::new();
        for old in pairs.iter().flatten() {
            *claims.entry(*old).or_default() += 1;
        }
        for pair in &mut pairs {
            if let Ok(old) = pair
                && claims[old] > 1
            {
                *pair = Err(Unpaired::Ambiguous);
            }
        }
        pairs
    }

    /// Whether both blocks are laid out alike, name by name and part by part.
    fn has_same_layout(&self) -> bool {
        let (old, new) = (self.old, self.new);
        let same_part = |(a, b): (&ThreadLocalPart, &ThreadLocalPart)| {
            (a.offset, a.size) == (b.offset, b.size)
                && self.modules.get(&b.module.0) == Some(&a.module.0)
        };
        let same_variable = |(a, b): (&ThreadLocalVariable, &ThreadLocalVariable)| {
            let mut keys: Vec<Key> = a.names.iter().map(|n| self.old_key(n)).collect();
            let mut others: Vec<Key> = b.names.iter().map(|n| self.new_key(n)).collect();
            keys.sort();
            others.sort();
            (a.offset, a.size) == (b.offset, b.size) && keys == others
        };
        old.size == new.size
            && old.parts.len() == new.parts.len()
            && old.variables.len() == new.variables.len()
            && old.parts.iter().zip(&new.parts).all(same_part)
            && old.variables.iter().zip(&new.variables).all(same_variable)
    }

    /// Whether everything lies where it lay.
    pub fn is_same_layout(&self) -> bool {
        self.same_layout
    }

    /// By how much the variables of both builds have moved in the block, in bytes.
    pub fn moves(&self) -> impl Iterator<Item = u32> + '_ {
        let pairs = self.new.variables.iter().zip(&self.of_new);
        pairs.filter_map(|(variable, old)| {
            let old = &self.old.variables[*old.as_ref().ok()?];
            Some(variable.offset.wrapping_sub(old.offset))
        })
    }

    /// Whether two offsets mean the same. `is_address` where the code takes the address of
    /// what is there, so that it may be the end of what lies before.
    pub fn same(&self, old: Rva, new: Rva, is_address: bool) -> bool {
        if self.same_layout {
            return old == new;
        }
        let back = |meaning| self.new_offset(meaning);
        // What the old code may mean must be there as well: the end of an array before it.
        let of_old = meanings(self.old, old.0, is_address);
        self.old_offset(new, is_address) == Ok(old.0)
            && of_old.into_iter().all(|m| match m {
                Meaning::Nameless => true,
                named => back(named) == Some(new.0),
            })
    }

    /// The offset into the old block that means what this one means in the new block.
    ///
    /// # Errors
    /// Where there is no such place in the old block, or which it is cannot be told; in words
    /// that go on after "the operand".
    pub fn old_offset(&self, offset: Rva, is_address: bool) -> Result<u32, String> {
        let mut found: Option<u32> = None;
        for meaning in meanings(self.new, offset.0, is_address) {
            let old = self.old_place(meaning, offset.0)?;
            if found.is_some_and(|f| f != old) {
                return Err(format!(
                    "is the offset {offset} into the thread's TLS block, where one variable \
                     ends and another begins; in the old build they are not side by side"
                ));
            }
            found = Some(old);
        }
        found.ok_or_else(|| "leads nowhere".into())
    }

    fn old_place(&self, meaning: Meaning, offset: u32) -> Result<u32, String> {
        let (variable, distance) = match meaning {
            Meaning::Inside(variable, distance) => (variable, Some(distance)),
            Meaning::End(variable) => (variable, None),
            Meaning::Nameless => return self.old_nameless(offset),
        };
        let name = display(&self.new.variables[variable]);
        match self.of_new[variable] {
            Ok(old) => {
                let old = &self.old.variables[old];
                let distance = distance.or(old.size).unwrap_or(0);
                Ok(old.offset.saturating_add(distance))
            }
            Err(Unpaired::Missing) => Err(format!("refers to the new thread-local {name}")),
            Err(Unpaired::Ambiguous) => Err(format!(
                "refers to {name}, a name that several thread-local variables have"
            )),
        }
    }

    /// Where the new build has what this means in the old one.
    fn new_offset(&self, meaning: Meaning) -> Option<u32> {
        let (old, distance) = match meaning {
            Meaning::Inside(variable, distance) => (variable, Some(distance)),
            Meaning::End(variable) => (variable, None),
            Meaning::Nameless => return None,
        };
        let new = self.of_new.iter().position(|o| *o == Ok(old))?;
        let new = &self.new.variables[new];
        new.offset.checked_add(distance.or(new.size)?)
    }

    fn old_nameless(&self, offset: u32) -> Result<u32, String> {
        if self.same_layout {
            return Ok(offset);
        }
        let unknown = || {
            format!(
                "is the offset {offset:#x} into the thread's TLS block, where no variable with a \
                 name is; which one it is in the old build cannot be told"
            )
        };
        let part = self.new.part_at(offset).ok_or_else(unknown)?;
        let old = self.old_part(part).ok_or_else(unknown)?;
        Ok(self.old.parts[old].offset + (offset - self.new.parts[part].offset))
    }

    /// The part of the old block that this part of the new one was: of the same object file,
    /// as long, with the same variables at the same places, and the only one like that.
    fn old_part(&self, new: usize) -> Option<usize> {
        let is_like = |o: &ThreadLocalPart, n: &ThreadLocalPart| {
            let same = |(a, b): (usize, usize)| {
                let (a_variable, b_variable) = (&self.old.variables[a], &self.new.variables[b]);
                self.of_new[b] == Ok(a)
                    && a_variable.size == b_variable.size
                    && a_variable.offset - o.offset == b_variable.offset - n.offset
            };
            let (a, b) = (within(self.old, o), within(self.new, n));
            o.size == n.size
                && self.modules.get(&n.module.0) == Some(&o.module.0)
                && a.len() == b.len()
                && a.zip(b).all(same)
        };
        let part = &self.new.parts[new];
        let mut like = (0..self.old.parts.len()).filter(|i| is_like(&self.old.parts[*i], part));
        let (Some(old), None) = (like.next(), like.next()) else {
            return None;
        };
        let mut rivals = self.new.parts.iter();
        let count = rivals.by_ref().filter(|p| is_like(&self.old.parts[old], p));
        (count.count() == 1).then_some(old)
    }
}

/// The variables that begin within a part.
fn within(build: &ThreadLocals, part: &ThreadLocalPart) -> std::ops::Range<usize> {
    let end = part.offset.saturating_add(part.size);
    let from = build.variables.partition_point(|v| v.offset < part.offset);
    let to = build.variables.partition_point(|v| v.offset < end);
    from..to.max(from)
}

fn key(name: &ThreadLocalName, module: Option<u64>) -> Key {
    let stable = |text: &str| stable_name(text).0.into_owned();
    (
        stable(&name.name),
        name.scope.as_deref().map(stable),
        module,
    )
}

fn display(variable: &ThreadLocalVariable) -> &str {
    variable.names.first().map_or("", |n| &n.name)
}

fn meanings(build: &ThreadLocals, offset: u32, is_address: bool) -> Vec<Meaning> {
    let mut found = Vec::new();
    if let Some(index) = build.before(offset) {
        let variable = &build.variables[index];
        let distance = offset - variable.offset;
        if distance == 0 || variable.size.is_some_and(|s| distance < s) {
            found.push(Meaning::Inside(index, distance));
        }
    }
    if is_address {
        let ends = |v: &ThreadLocalVariable| {
            let end = v.size.and_then(|s| v.offset.checked_add(s));
            v.is_array && end == Some(offset)
        };
        let arrays = build.variables.iter().enumerate();
        found.extend(
            arrays
                .filter(|(_, v)| ends(v))
                .map(|(i, _)| Meaning::End(i)),
        );
    }
    if found.is_empty() {
        found.push(Meaning::Nameless);
    }
    found
}

/// How the thread-local storage differs, each as words for a finding.
pub fn differences(comparer: &Comparer<'_>) -> Vec<String> {
    let (old, new) = (&comparer.old.image.tls, &comparer.new.image.tls);
    let templates = match (old, new) {
        (None, None) => return Vec::new(),
        (Some(a), Some(b)) => (a, b),
        (None, Some(_)) => return vec!["the new build has thread-local variables".into()],
        (Some(_), None) => return vec!["the new build has no thread-local variables".into()],
    };
    let pairs = comparer.thread_locals();
    let (a, b) = (pairs.old, pairs.new);
    let starts = (templates.0.template, templates.1.template);
    if a.variables.is_empty() && b.variables.is_empty() {
        let sizes = (templates.0.template_size, templates.1.template_size);
        let same = sizes.0 == sizes.1
            && a.size == b.size
            && comparer.same_bytes(starts.0, starts.1, sizes.0);
        return match same {
            true => Vec::new(),
            false => vec!["the TLS block differs, and no symbol says in what".into()],
        };
    }
    let mut found = Vec::new();
    // Where the variables lie does not matter here: code that knows it is compared by what
    // it means.
    for (index, variable) in b.variables.iter().enumerate() {
        let name = display(variable);
        let old = match pairs.of_new[index] {
            Ok(old) => old,
            Err(Unpaired::Ambiguous) if pairs.same_layout => index,
            Err(Unpaired::Missing) => {
                found.push(format!("{name} is a new thread-local variable"));
                continue;
            }
            Err(Unpaired::Ambiguous) => {
                found.push(format!(
                    "several thread-local variables have the name {name}, and which is which \
                     cannot be told"
                ));
                continue;
            }
        };
        let before = &a.variables[old];
        let sizes = (extent(a, old), extent(b, index));
        let place = |start: Rva, v: &ThreadLocalVariable| Rva(start.0.saturating_add(v.offset));
        let places = (place(starts.0, before), place(starts.1, variable));
        let types = (&before.type_name, &variable.type_name);
        if let (Some(x), Some(y)) = types
            && stable_name(x).0 != stable_name(y).0
        {
            found.push(format!("{name} has the type {y} instead of {x}"));
        } else if sizes.0 != sizes.1 && (before.size, variable.size) != (None, None) {
            found.push(format!(
                "{name} has {} bytes instead of {}",
                sizes.1, sizes.0
            ));
        } else {
            // Without a type they reach up to whatever lies behind them.
            let size = sizes.0.min(sizes.1);
            if !comparer.same_extents((places.0, size), (places.1, size), &[]) {
                found.push(format!("the initial value of {name} differs"));
            }
        }
    }
    for (index, variable) in a.variables.iter().enumerate() {
        let is_ambiguous = || {
            let names = variable.names.iter().map(|n| pairs.old_key(n));
            let mut others = b.variables.iter().flat_map(|v| &v.names);
            let all: Vec<Key> = names.collect();
            others.any(|n| all.contains(&pairs.new_key(n)))
        };
        if !pairs.of_new.contains(&Ok(index)) && !is_ambiguous() {
            found.push(format!(
                "the thread-local variable {} is no longer there",
                display(variable)
            ));
        }
    }
    found.extend(nameless(comparer, pairs, starts));
    found.sort();
    found.dedup();
    found
}

/// Length of a variable: that of its type, else up to what lies behind it.
fn extent(build: &ThreadLocals, index: usize) -> u32 {
    let variable = &build.variables[index];
    let next = build.variables.get(index + 1).map(|v| v.offset);
    let part = build.part_at(variable.offset).map(|p| build.parts[p]);
    let end = part.map_or(build.size, |p| p.offset.saturating_add(p.size));
    let room = next.unwrap_or(end).min(end).saturating_sub(variable.offset);
    variable
        .size
        .map_or(room, |s| s.min(build.size.saturating_sub(variable.offset)))
}

/// Initial values that no variable has, where they differ. Zeros say nothing.
fn nameless(
    comparer: &Comparer<'_>,
    pairs: &ThreadLocalPairs<'_>,
    starts: (Rva, Rva),
) -> Vec<String> {
    let (old, new) = (pairs.old, pairs.new);
    let values =
        |program: &Program<'_>, build: &ThreadLocals, start: Rva, part: &ThreadLocalPart| {
            let place = start.checked_add(part.offset);
            let bytes = place.and_then(|rva| program.image.loaded_bytes(rva, part.size));
            let mut bytes = bytes.unwrap_or_default();
            for index in within(build, part) {
                let from = (build.variables[index].offset - part.offset) as usize;
                let to = from.saturating_add(extent(build, index) as usize);
                let to = to.min(bytes.len());
                bytes[from.min(to)..to].fill(0);
            }
            bytes
        };
    let of_old = |part: &ThreadLocalPart| values(comparer.old, old, starts.0, part);
    let of_new = |part: &ThreadLocalPart| values(comparer.new, new, starts.1, part);
    let is_zero = |bytes: &[u8]| bytes.iter().all(|b| *b == 0);
    let mut taken = Vec::new();
    let mut found = Vec::new();
    let mut report = |part: &ThreadLocalPart, program: &Program<'_>| {
        let module = program.symbols.modules.get(part.module.0 as usize);
        let object = module.map_or(String::new(), |m| m.object_name());
        found.push(format!(
            "{object}: the initial value of thread-local data without a symbol differs"
        ));
    };
    for (index, part) in new.parts.iter().enumerate() {
        let bytes = of_new(part);
        let partner = match pairs.same_layout {
            true => Some(index),
            false => pairs.old_part(index),
        };
        taken.extend(partner);
        let before = partner.map_or(Vec::new(), |o| of_old(&old.parts[o]));
        let same = bytes == before || (is_zero(&bytes) && is_zero(&before));
        if !same {
            report(part, comparer.new);
        }
    }
    for (index, part) in old.parts.iter().enumerate() {
        if !taken.contains(&index) && !is_zero(&of_old(part)) {
            report(part, comparer.old);
        }
    }
    found
}

#[cfg(test)]
mod tests;
