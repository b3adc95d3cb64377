//! Makes a failing sequence short: steps are left out as long as it still fails.

use crate::step::Step;

/// How many sequences are tried at most.
const TRIES: usize = 60;

/// The shortest sequence that was found to fail, and how it does; nothing where it does not
/// fail when it is tried again.
pub fn shorten(
    steps: &[Step],
    mut fails: impl FnMut(&[Step]) -> Option<String>,
) -> Option<(Vec<Step>, String)> {
    let mut why = fails(steps)?;
    let mut best = steps.to_vec();
    let mut tries = TRIES;
    let mut size = best.len() / 2;
    while size > 0 && tries > 0 {
        let mut at = 0;
        while at < best.len() && tries > 0 {
            let mut less = best.clone();
            less.drain(at..(at + size).min(best.len()));
            tries -= 1;
            match fails(&less) {
                Some(now) => (best, why) = (less, now),
                None => at += size,
            }
        }
        size /= 2;
    }
    Some((best, why))
}
