//! What a package makes of a process: the payload bound to its place, and the record that
//! says so. The same for whoever installs it and for whoever proves that it is there.

use std::collections::HashMap;

use super::link::{Bases, Externals, Layout, LinkError, Linked};
use super::outcome::ApplyError;
use super::record::{
    self, Body, CodePages, Function, FunctionTable, HookAt, PatchedModule, Site, VariableAt,
};
use super::relays::Relays;
use super::survey::Installed;
use super::target::{Module, Target};
use super::{applied_by, entries};
use crate::addr::Va;
use crate::package::Package;
use crate::payload::names::{GATE_HEAD_LEN, REDIRECT_LEN, SHORT_REDIRECT_LEN};

/// What a package is applied to, and how.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The module.
    pub module: &'a Module,
    /// Active patches that it replaces.
    pub replaced: &'a [Installed],
    /// Where variables are that these brought, by symbol.
    pub kept: &'a HashMap<String, Va>,
    /// Where relays go.
    pub relays: &'a Relays,
    /// Functions whose calls may end in the version in which they began.
    pub on_stack: &'a [String],
}

/// Binds a package to its place, and says what it changes.
pub(super) fn bind<T: Target + ?Sized>(
    target: &T,
    package: &Package,
    context: Context<'_>,
    layout: &Layout<'_>,
    (base, externals): (Va, &Externals<'_>),
) -> Result<(Linked, Body), ApplyError> {
    let bases = Bases {
        payload: base,
        module: context.module.base,
        active: record::active_at(base),
    };
    let mut linked = layout.link(bases, externals)?;
    let body = describe(target, package, context, &linked)?;
    stack(package, context, &mut linked)?;
    Ok((linked, body))
}

/// The body of the record.
fn describe<T: Target + ?Sized>(
    target: &T,
    package: &Package,
    context: Context<'_>,
    linked: &Linked,
) -> Result<Body, ApplyError> {
    let module = context.module;
    let manifest = &package.manifest;
    let mut ends: Vec<u64> = linked.symbols.values().map(|at| at.0).collect();
    ends.extend(linked.pages.iter().map(|p| p.at.0 + p.bytes.len() as u64));
    ends.sort_unstable();
    let mut functions = Vec::with_capacity(manifest.functions.len());
    let (mut entries, mut relays) = (Vec::new(), Vec::new());
    for function in &manifest.functions {
        let address = |symbol: &str| {
            linked.symbols.get(symbol).copied().ok_or_else(|| {
                ApplyError::Link(LinkError::Undefined {
                    symbol: symbol.to_owned(),
                })
            })
        };
        let entry = function.entry.at(module.base);
        let replacement = address(&function.symbol)?;
        let after = ends.partition_point(|end| *end <= replacement.0);
        let site = |at: Va, original: &str, redirect: Option<Vec<u8>>| {
            Ok::<_, ApplyError>(Site {
                at,
                original: hex::decode(original).map_err(|_| ApplyError::EntryBytes {
                    function: function.name.clone(),
                })?,
                redirect: redirect.ok_or_else(|| ApplyError::NoRoom {
                    module: module.name.clone(),
                })?,
                function: functions.len() as u32,
            })
        };
        let gate = address(&function.gate_symbol())?;
        match (context.relays.of(function), context.gate_jump(entry)) {
            (_, Some(lower)) => {
                let over = Site {
                    at: lower.at,
                    original: lower.redirect.clone(),
                    redirect: jump(lower.at, gate).ok_or_else(|| ApplyError::NoRoom {
                        module: module.name.clone(),
                    })?,
                    function: functions.len() as u32,
                };
                match lower.at == entry {
                    true => entries.push(over),
                    false => relays.push(over),
                }
            }
            (None, None) => entries.push(site(entry, &function.entry_bytes, jump(entry, gate))?),
            (Some((relay, bytes)), None) => {
                let at = relay.at(module.base);
                relays.push(site(at, bytes, jump(at, gate))?);
                entries.push(site(entry, &function.entry_bytes, short_jump(entry, at))?);
            }
        }
        functions.push(Function {
            name: function.name.clone(),
            entry,
            replacement,
            replacement_size: ends.get(after).map_or(0, |end| end - replacement.0),
            must_not_stay: function.must_not_stay.clone(),
        });
    }
    relays.sort_by_key(|s| s.at);
    let mut hooks = Vec::new();
    for (hook, symbol) in manifest.hooks.iter() {
        let at = linked.symbols.get(symbol).copied();
        let at = at.ok_or_else(|| LinkError::Undefined {
            symbol: symbol.to_owned(),
        })?;
        hooks.push(HookAt { hook, at });
    }
    let mut places: Vec<(Va, Va)> = entries
        .iter()
        .chain(&relays)
        .map(|s| (s.at, s.end()))
        .collect();
    places.sort_unstable();
    Ok(Body {
        id: manifest.patch.id.clone(),
        sequence: manifest.patch.sequence,
        product: Some(manifest.product().to_owned()),
        title: manifest.patch.title.clone(),
        package_sha256: package.sha256_hex(),
        content_sha256: Some(package.content_sha256_hex()),
        applied_by: applied_by(),
        module: PatchedModule {
            name: module.name.clone(),
            base: module.base,
            size: module.size,
            time_date_stamp: manifest.target.time_date_stamp,
        },
        function_table: linked
            .function_table
            .map(|(at, entries)| FunctionTable { at, entries }),
        call: linked.call,
        over: context.replaced.iter().map(|p| p.record.at).collect(),
        requires: manifest.patch.requires.clone(),
        on_stack: context.on_stack.to_vec(),
        code: linked
            .pages
            .iter()
            .filter(|p| p.protection.executable())
            .map(|p| CodePages {
                at: p.at,
                size: p.bytes.len() as u64,
            })
            .collect(),
        data: linked
            .pages
            .iter()
            .filter(|p| !p.protection.executable())
            .map(|p| p.at)
            .collect(),
        hooks,
        functions,
        entries,
        exposed: manifest.exposed.clone(),
        variables: manifest
            .variables
            .iter()
            .filter_map(|v| {
                Some(VariableAt {
                    name: v.name.clone(),
                    at: *linked.symbols.get(&v.symbol)?,
                    size: v.size,
                    type_sha256: v.type_sha256.clone(),
                })
            })
            .collect(),
        relays,
        pages: entries::spans(target, &places)?,
    })
}

impl<'a> Context<'a> {
    /// The jump to the gate of the active patch that replaces a function already.
    fn gate_jump(&self, entry: Va) -> Option<&'a Site> {
        let mut replaced = self.replaced.iter();
        replaced.find_map(|p| p.record.body.gate_jump(entry))
    }
}

/// Lets the gates of functions that an active patch replaces lead to the gates of that one
/// as long as the package is not switched on, so that its redirects are neutral.
fn stack(package: &Package, context: Context<'_>, linked: &mut Linked) -> Result<(), ApplyError> {
    for function in &package.manifest.functions {
        let Some(lower) = context.gate_jump(function.entry.at(context.module.base)) else {
            continue;
        };
        let symbol = function.gate_symbol();
        let undefined = || LinkError::Undefined {
            symbol: symbol.clone().into_owned(),
        };
        let gate = linked.symbols.get(&*symbol).ok_or_else(undefined)?;
        let at = Va(gate.0 + u64::from(GATE_HEAD_LEN));
        let below = target_of(lower).and_then(|below| jump(at, below));
        let below = below.ok_or_else(|| ApplyError::NoRoom {
            module: context.module.name.clone(),
        })?;
        let slot = linked.pages.iter_mut().find_map(|pages| {
            let offset = gate.0.checked_sub(pages.at.0)? as usize;
            pages.bytes.get_mut(offset..)
        });
        let slot = slot
            .filter(|b| b.starts_with(&[0x80, 0x3d]) && b.get(7..10) == Some(&[0x74, 5, 0xe9]))
            .and_then(|b| b.get_mut(GATE_HEAD_LEN as usize..)?.get_mut(..below.len()));
        slot.ok_or_else(undefined)?.copy_from_slice(&below);
    }
    Ok(())
}

/// Where the `jmp rel32` of a site leads.
fn target_of(site: &Site) -> Option<Va> {
    let [0xe9, distance @ ..] = site.redirect.as_slice() else {
        return None;
    };
    let distance = i32::from_le_bytes(distance.try_into().ok()?);
    Some(Va(site.end().0.wrapping_add_signed(i64::from(distance))))
}

/// `jmp rel32`; `None` where the gate is out of reach.
fn jump(from: Va, to: Va) -> Option<Vec<u8>> {
    let next = i128::from(from.0) + i128::from(REDIRECT_LEN);
    let distance = i32::try_from(i128::from(to.0) - next).ok()?.to_le_bytes();
    Some([&[0xe9], distance.as_slice()].concat())
}

/// `jmp rel8`; `None` where the relay is out of reach.
fn short_jump(from: Va, to: Va) -> Option<Vec<u8>> {
    let next = i128::from(from.0) + i128::from(SHORT_REDIRECT_LEN);
    let distance = i8::try_from(i128::from(to.0) - next).ok()?;
    Some(vec![0xeb, distance as u8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_reach_two_gib_both_ways() {
        let at = Va(0x1_8000_0000);
        let next = at.0 + 5;
        assert_eq!(jump(at, Va(next)), Some(vec![0xe9, 0, 0, 0, 0]));
        let far = jump(at, Va(next + 0x7fff_ffff));
        assert_eq!(far, Some(vec![0xe9, 0xff, 0xff, 0xff, 0x7f]));
        assert_eq!(jump(at, Va(next + 0x8000_0000)), None);
        let back = jump(at, Va(next - 0x8000_0000));
        assert_eq!(back, Some(vec![0xe9, 0, 0, 0, 0x80]));
        assert_eq!(jump(at, Va(next - 0x8000_0001)), None);
    }

    #[test]
    fn relays_are_within_a_signed_byte() {
        let at = Va(0x1_8000_0000);
        let next = at.0 + 2;
        assert_eq!(short_jump(at, Va(next + 127)), Some(vec![0xeb, 0x7f]));
        assert_eq!(short_jump(at, Va(next - 128)), Some(vec![0xeb, 0x80]));
        assert_eq!(short_jump(at, Va(next + 128)), None);
        assert_eq!(short_jump(at, Va(next - 129)), None);
    }
}
