//! Puts record and payload into the target, where no old code can reach them yet.

use crate::addr::Va;
use crate::apply::blueprint::{Context, bind};
use crate::apply::link::Linked;
use crate::apply::outcome::ApplyError;
use crate::apply::record::{Body, Header, Record, Registration, Stage};
use crate::apply::target::{Protection, Target, TargetError};
use crate::apply::{fault, imports, now_ms, place as room, preflight};
use crate::package::Package;

/// Puts record and payload into the target. No old code can reach them yet.
pub(super) fn place<T: Target>(
    target: &T,
    package: &Package,
    context: Context<'_>,
) -> Result<Record, ApplyError> {
    let module = context.module;
    let layout = preflight::layout(package)?;
    let size = layout.size();
    let places = room::candidates(target, module, size, layout.must_be_above())?;
    let base = places
        .into_iter()
        .find(|at| target.allocate(*at, size).is_ok())
        .ok_or_else(|| ApplyError::NoRoom {
            module: module.name.clone(),
        })?;
    fault::point("allocated");
    let mut externals = preflight::externals(package, context.kept);
    let placed =
        bind(target, package, context, &layout, (base, &externals)).and_then(|(linked, body)| {
            let header = Header {
                region_size: size,
                active: false,
                stage: Stage::Placed,
                registered: Registration::No,
                applied_at_ms: now_ms(),
                frozen: false,
                frozen_at_ms: 0,
            };
            let record = write(target, base, header, body, &linked)?;
            let imports = &package.manifest.imports;
            if imports.is_empty() {
                seal(target, &linked, false)?;
            } else {
                let scratch = base.0 + layout.record_size() - preflight::scratch(package);
                externals.imports = imports::resolve(target, &record, Va(scratch), imports)?;
                let (bound, _) = bind(target, package, context, &layout, (base, &externals))?;
                for pages in bound.pages.iter().filter(|p| !p.protection.executable()) {
                    target.write_verified(pages.at, &pages.bytes)?;
                }
                seal(target, &linked, false)?;
            }
            fault::point("sealed");
            Ok(record)
        });
    // A call that is still under way is inside the payload, which has to stay then. What is
    // left is found and cleared away by the next operation.
    if let Err(error) = &placed
        && !error.may_still_run()
    {
        let _ = target.free(base);
    }
    placed
}

/// Writes the record first, so that whatever follows is found if this process dies; then the
/// payload, of which the code is sealed.
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
    seal(target, linked, true)?;
    Ok(Record {
        at: base,
        header,
        body,
    })
}

/// Seals the pages with code, or those without.
fn seal<T: Target>(target: &T, linked: &Linked, code: bool) -> Result<(), TargetError> {
    let pages = linked.pages.iter();
    pages
        .filter(|p| p.protection.executable() == code)
        .try_for_each(|p| protect(target, p.at, p.bytes.len() as u64, p.protection))
}

/// Gives pages their final protection, and makes sure that they have it.
fn protect<T: Target>(
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
