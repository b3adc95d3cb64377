//! Applies a package: place it, find a quiet moment, switch.

use std::time::{SystemTime, UNIX_EPOCH};

use super::entries::{self, EntryBytes, Wanted};
use super::link::{Bases, Linked, PAGE};
use super::outcome::{ApplyError, Options, Outcome, Summary};
use super::preflight::{self, Preflight};
use super::quiesce::{Effort, Frozen, Patience, Unquiet, WordScan, Zone, Zones, quiesce};
use super::record::{self, Body, Function, FunctionTable, Header, PatchedModule, Record, Stage};
use super::target::{Module, Protection, Target, TargetError};
use super::{fault, place, remote, remove};
use crate::addr::Va;
use crate::finding::Finding;
use crate::finding::rules::target as rules;
use crate::package::{Package, Verified};
use crate::payload::names::REDIRECT_LEN;

/// Looks at everything that `apply` would look at, and writes nothing.
///
/// # Errors
/// Where the target can't be looked at.
pub fn check<T: Target>(target: &T, package: &Verified<Package>) -> Result<Summary, ApplyError> {
    let preflight = Preflight::run(target, package)?;
    Ok(summarise(target, package, preflight).0)
}

/// Applies a package to a process.
///
/// # Errors
/// [`ApplyError`]; the target then runs the code that it ran before.
pub fn apply<T: Target>(
    target: &T,
    package: &Verified<Package>,
    options: &Options<'_>,
) -> Result<Summary, ApplyError> {
    let _lock = target.lock()?;
    let patience = options.patience();
    let (mut summary, preflight) = {
        let preflight = Preflight::run(target, package)?;
        summarise(target, package, preflight)
    };
    if summary.outcome != Outcome::Ready {
        return Ok(summary);
    }
    let Some(module) = preflight.module else {
        return Ok(summary);
    };
    for leftover in preflight.leftovers {
        let mut record = leftover.record;
        if let Some(stopped) = remove::remove(target, &mut record, &patience, &mut summary)? {
            summary.outcome = stopped;
            return Ok(summary);
        }
    }
    let mut record = place(target, package, &module)?;
    summary.effort = Effort::default();
    summary.about_record(&record);
    let switched = prepare(target, &mut record)
        .and_then(|()| switch(target, package, &mut record, &patience, &mut summary));
    target.disarm();
    match switched {
        Ok(Outcome::Applied) => {
            summary.outcome = Outcome::Applied;
            fault::point("thawed");
            record.commit(target, now_ms())?;
            fault::point("committed");
            Ok(summary)
        }
        Ok(stopped) => {
            summary.outcome = stopped;
            if dismantle(target, &mut record).is_err() {
                summary.findings.push(not_freed(&record));
            }
            Ok(summary)
        }
        Err(error) => {
            // A call that is still under way is inside the payload, which has to stay then.
            // What can't be undone now is found and undone by the next operation.
            if !matches!(error, ApplyError::Target(TargetError::CallTimeout(_))) {
                let _ = dismantle(target, &mut record);
            }
            Err(error)
        }
    }
}

/// Says how the preflight ended.
fn summarise<T: Target>(
    target: &T,
    package: &Package,
    preflight: Preflight,
) -> (Summary, Preflight) {
    let outcome = match (&preflight.active, preflight.passed()) {
        (Some(_), _) => Outcome::AlreadyApplied,
        (None, true) => Outcome::Ready,
        (None, false) => Outcome::Refused,
    };
    let mut summary = Summary::new(target.identity(), outcome);
    summary.about_package(package);
    summary.bytes_allocated = preflight.region_size;
    summary.findings = preflight.findings.clone();
    match (&preflight.active, &preflight.module) {
        (Some(record), _) => summary.about_record(record),
        (None, Some(module)) => {
            let functions = package.manifest.functions.iter();
            summary.functions = functions
                .map(|f| (f.name.clone(), Some(f.entry.at(module.base))))
                .collect();
        }
        (None, None) => {}
    }
    (summary, preflight)
}

/// Puts record and payload into the target. No old code can reach them yet.
fn place<T: Target>(target: &T, package: &Package, module: &Module) -> Result<Record, ApplyError> {
    let layout = preflight::layout(package)?;
    let size = layout.size();
    let places = place::candidates(target, module, size, layout.must_be_above())?;
    let base = places
        .into_iter()
        .find(|at| target.allocate(*at, size).is_ok())
        .ok_or_else(|| ApplyError::NoRoom {
            module: module.name.clone(),
        })?;
    fault::point("allocated");
    let bases = Bases {
        payload: base,
        module: module.base,
        active: record::active_at(base),
    };
    let placed = layout
        .link(bases, &preflight::externals(package))
        .map_err(ApplyError::from)
        .and_then(|linked| {
            let body = describe(target, package, module, &linked)?;
            let header = Header {
                region_size: size,
                active: false,
                stage: Stage::Placed,
                registered: false,
                applied_at_ms: now_ms(),
            };
            write(target, base, header, body, &linked)
        });
    if placed.is_err() {
        let _ = target.free(base);
    }
    placed
}

/// Writes the record first, so that whatever follows is found if this process dies.
fn write<T: Target>(
    target: &T,
    base: Va,
    header: Header,
    body: Body,
    linked: &Linked,
) -> Result<Record, ApplyError> {
    target.write_verified(base, &Record::encode(&header, &body)?)?;
    fault::point("recorded");
    for pages in &linked.pages {
        target.write_verified(pages.at, &pages.bytes)?;
    }
    fault::point("written");
    for pages in &linked.pages {
        seal(target, pages.at, pages.bytes.len() as u64, pages.protection)?;
    }
    fault::point("sealed");
    Ok(Record {
        at: base,
        header,
        body,
    })
}

/// Gives pages their final protection, and makes sure that they have it.
fn seal<T: Target>(
    target: &T,
    at: Va,
    size: u64,
    protection: Protection,
) -> Result<(), TargetError> {
    target.protect(at, size, protection)?;
    if protection.executable() {
        target.flush_code(at, size)?;
    }
    let sealed = target
        .region(at)?
        .is_some_and(|r| r.protection == protection && r.base <= at && r.end().0 >= at.0 + size);
    if sealed {
        return Ok(());
    }
    Err(TargetError::Memory {
        action: "seal",
        at,
        size,
        source: std::io::Error::other("the protection is another one afterwards"),
    })
}

/// The body of the record.
fn describe<T: Target>(
    target: &T,
    package: &Package,
    module: &Module,
    linked: &Linked,
) -> Result<Body, ApplyError> {
    let manifest = &package.manifest;
    let mut ends: Vec<u64> = linked.symbols.values().map(|at| at.0).collect();
    ends.extend(linked.pages.iter().map(|p| p.at.0 + p.bytes.len() as u64));
    ends.sort_unstable();
    let mut functions = Vec::with_capacity(manifest.functions.len());
    for function in &manifest.functions {
        let address = |symbol: &String| {
            linked.symbols.get(symbol).copied().ok_or_else(|| {
                ApplyError::Link(super::link::LinkError::Undefined {
                    symbol: symbol.clone(),
                })
            })
        };
        let entry = function.entry.at(module.base);
        let replacement = address(&function.symbol)?;
        let after = ends.partition_point(|end| *end <= replacement.0);
        let mut original = [0; REDIRECT_LEN as usize];
        hex::decode_to_slice(&function.entry_bytes, &mut original).map_err(|_| {
            ApplyError::EntryChanged {
                function: function.name.clone(),
            }
        })?;
        functions.push(Function {
            name: function.name.clone(),
            entry,
            original,
            redirect: redirect(entry, address(&function.gate)?).ok_or_else(|| {
                ApplyError::NoRoom {
                    module: module.name.clone(),
                }
            })?,
            replacement,
            replacement_size: ends.get(after).map_or(0, |end| end - replacement.0),
        });
    }
    let at: Vec<Va> = functions.iter().map(|f| f.entry).collect();
    Ok(Body {
        id: manifest.patch.id.clone(),
        sequence: manifest.patch.sequence,
        title: manifest.patch.title.clone(),
        package_sha256: package.sha256_hex(),
        applied_by: super::applied_by(),
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
        functions,
        pages: entries::spans(target, &at)?,
    })
}

/// `jmp rel32`; `None` where the gate is out of reach.
fn redirect(entry: Va, gate: Va) -> Option<[u8; REDIRECT_LEN as usize]> {
    let next = i128::from(entry.0) + i128::from(REDIRECT_LEN);
    let distance = i32::try_from(i128::from(gate.0) - next).ok()?.to_le_bytes();
    Some([0xe9, distance[0], distance[1], distance[2], distance[3]])
}

/// What has to be done in the running target before it is frozen.
fn prepare<T: Target>(target: &T, record: &mut Record) -> Result<(), ApplyError> {
    remote::register(target, record)?;
    fault::point("registered");
    target.arm(record.at)?;
    fault::point("armed");
    Ok(())
}

/// Finds a quiet moment and switches.
fn switch<T: Target>(
    target: &T,
    package: &Package,
    record: &mut Record,
    patience: &Patience<'_>,
    summary: &mut Summary,
) -> Result<Outcome, ApplyError> {
    let zones = zones(package, record);
    let quiet = quiesce(target, &zones, &WordScan, patience, &mut summary.effort);
    let frozen = match quiet {
        Ok(frozen) => frozen,
        Err(Unquiet::Busy(blockers)) => {
            summary.blocked_by = blockers;
            return Ok(Outcome::Busy);
        }
        Err(Unquiet::Interrupted) => return Ok(Outcome::Interrupted),
        Err(Unquiet::Failed(error)) => return Err(error.into()),
    };
    if patience.is_interrupted() {
        frozen.thaw()?;
        return Ok(Outcome::Interrupted);
    }
    match activate(target, record) {
        Ok(()) => summary.effort.frozen = frozen.thaw()?,
        Err(error) => {
            withdraw(target, record, frozen);
            return Err(error);
        }
    }
    Ok(Outcome::Applied)
}

/// The old code, of which no thread may be inside.
fn zones(package: &Package, record: &Record) -> Zones {
    let base = record.body.module.base;
    let mut zones = Vec::new();
    for function in &package.manifest.functions {
        for range in &function.ranges {
            let start = range.rva.at(base).0;
            zones.push(Zone {
                start,
                end: start + u64::from(range.size),
                function: function.name.clone(),
                start_counts: range.rva != function.entry,
            });
        }
    }
    Zones::new(zones)
}

/// The frozen window: redirects, then the one byte.
fn activate<T: Target>(target: &T, record: &mut Record) -> Result<(), ApplyError> {
    expect(target, record, EntryBytes::Original)?;
    record.set_stage(target, Stage::Installing)?;
    fault::point("installing");
    entries::write(target, &record.body, Wanted::Redirect)?;
    expect(target, record, EntryBytes::Redirect)?;
    fault::point("redirected");
    record.set_active(target, true)?;
    fault::point("active");
    Ok(())
}

fn expect<T: Target>(target: &T, record: &Record, expected: EntryBytes) -> Result<(), ApplyError> {
    let found = entries::observe(target, &record.body)?;
    let odd = record
        .body
        .functions
        .iter()
        .zip(&found)
        .find(|(_, bytes)| **bytes != expected);
    match odd {
        None => Ok(()),
        Some((function, _)) => Err(ApplyError::EntryChanged {
            function: function.name.clone(),
        }),
    }
}

/// Undoes a switch that failed half-way, then lets the target run.
fn withdraw<T: Target>(target: &T, record: &mut Record, frozen: Frozen<'_, T>) {
    let _ = record.set_active(target, false);
    let _ = entries::write(target, &record.body, Wanted::Original);
    let _ = entries::restore_protection(target, &record.body);
    let _ = record.set_stage(target, Stage::Placed);
    let _ = frozen.thaw();
}

/// Takes away what [`place`] and [`prepare`] did. Entries must be as they were.
fn dismantle<T: Target>(target: &T, record: &mut Record) -> Result<(), ApplyError> {
    // Should an entry still lead to a gate, the gate has to stay.
    expect(target, record, EntryBytes::Original)?;
    remote::unregister(target, record)?;
    target.free(record.at)?;
    Ok(())
}

pub(super) fn not_freed(record: &Record) -> Finding {
    let size = record.header.region_size.next_multiple_of(PAGE);
    Finding::about(
        &rules::NOT_FREED,
        &record.body.id,
        format!("{size:#x} bytes at {}.", record.at),
    )
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_reach_two_gib_both_ways() {
        let at = Va(0x1_8000_0000);
        let next = at.0 + 5;
        assert_eq!(redirect(at, Va(next)), Some([0xe9, 0, 0, 0, 0]));
        let far = redirect(at, Va(next + 0x7fff_ffff));
        assert_eq!(far, Some([0xe9, 0xff, 0xff, 0xff, 0x7f]));
        assert_eq!(redirect(at, Va(next + 0x8000_0000)), None);
        let back = redirect(at, Va(next - 0x8000_0000));
        assert_eq!(back, Some([0xe9, 0, 0, 0, 0x80]));
        assert_eq!(redirect(at, Va(next - 0x8000_0001)), None);
    }
}
