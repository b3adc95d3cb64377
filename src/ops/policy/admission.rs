//! When a machine applies a package, by the rollout of its policy.
//!
//! A machine draws a place in its ring from its name and from the product and sequence of the
//! package: the same every time, another one for the next package, and one for packages that
//! go together. It needs to ask nobody.

use sha2::{Digest, Sha256};

use super::decide::Now;
use super::rollout::{Ring, Rollout};
use super::window::Window;
use crate::moment::{DAY, Moment};

/// Places in a ring: hundredths of a percent.
const PLACES: u64 = 10_000;

/// Every window opens within so many minutes: it is there every week.
const HORIZON: u64 = 8 * 24 * 60;

/// What the decision needs to know about a package.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The product that its line of patches is for.
    pub product: &'a str,
    /// Its position in that line.
    pub sequence: u64,
    /// SHA-256 of everything before its signatures as hex.
    pub content_sha256: &'a str,
    /// When it came into the store.
    pub added: Moment,
}

/// Where a machine stands, and when it is its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Its ring.
    pub ring: String,
    /// Its place in the ring, in hundredths of a percent.
    pub place: u16,
    /// How many percent of the ring have their turn now.
    pub open: u8,
    /// How many have it next, and when.
    pub next: Option<(u8, Moment)>,
    /// When it is the turn of this machine.
    pub turn: Turn,
}

/// When it is the turn of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Now.
    Now,
    /// Then, and not before.
    At(Moment),
    /// When somebody has approved the package for the ring.
    Approved,
}

/// Where this machine stands; `None` for a rollout that [`Policy`](super::Policy) would refuse.
pub fn admit(
    rollout: &Rollout,
    package: &Incoming<'_>,
    machine: &str,
    now: Now,
) -> Option<Admission> {
    let ring = rollout.ring_of(machine)?;
    let place = match rollout.this_place {
        Some(percent) => u16::from(percent) * 100,
        None => drawn(package, machine),
    };
    let all = [100];
    let percent: &[u8] = match &ring.percent[..] {
        [] => &all,
        percent => percent,
    };
    let begin = |day: usize| {
        let days = u64::from(ring.defer_days) + day as u64;
        Moment::from_seconds(package.added.seconds().saturating_add(days * DAY))
    };
    let begun = (0..percent.len())
        .filter(|day| begin(*day) <= now.utc)
        .count();
    let mine = percent.iter().position(|p| place < u16::from(*p) * 100)?;
    let approved = !ring.approval || rollout.is_approved(package.content_sha256, &ring.name);
    Some(Admission {
        ring: ring.name.clone(),
        place,
        open: begun.checked_sub(1).map_or(0, |last| percent[last]),
        next: percent.get(begun).map(|p| (*p, begin(begun))),
        turn: match (approved, turn(ring, begin(mine), now)?) {
            (false, _) => Turn::Approved,
            (true, at) if at <= now.utc => Turn::Now,
            (true, at) => Turn::At(at),
        },
    })
}

/// The first moment from `begin` on, and from now on, in which a window is open.
fn turn(ring: &Ring, begin: Moment, now: Now) -> Option<Moment> {
    let start = begin.max(now.utc);
    let open = |moment: &Moment| {
        let at = Now {
            utc: *moment,
            ..now
        };
        ring.windows.is_empty() || ring.windows.iter().any(|w: &Window| w.open(at))
    };
    let whole = start.seconds() / 60;
    let minutes = (1..=HORIZON).map(|i| Moment::from_seconds((whole + i) * 60));
    std::iter::once(start).chain(minutes).find(open)
}

/// The place that a machine draws.
fn drawn(package: &Incoming<'_>, machine: &str) -> u16 {
    let text = format!(
        "{}\0{}\0{}",
        package.product.to_lowercase(),
        package.sequence,
        machine.to_lowercase()
    );
    let hash = Sha256::digest(text);
    let first = hash
        .first_chunk()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes));
    // Less than the number of places, which is less than 2^16.
    ((u128::from(first) * u128::from(PLACES)) >> 64) as u16
}

#[cfg(test)]
mod tests;
