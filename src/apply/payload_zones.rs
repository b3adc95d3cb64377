//! The code of a payload as zones that no thread may be inside of.

use super::quiesce::Zone;
use super::record::Record;

/// The payload's code, under the names of the functions that it replaces.
pub(super) fn payload_zones(record: &Record) -> Vec<Zone> {
    let zone = |start, end, function: String| Zone {
        start,
        end,
        function,
        start_counts: true,
        end_counts: true,
    };
    let mut zones = Vec::new();
    for pages in &record.body.code {
        let (start, end) = (pages.at.0, pages.at.0.saturating_add(pages.size));
        let mut named: Vec<(u64, u64, &str)> = record
            .body
            .functions
            .iter()
            .map(|f| {
                let to = f.replacement.0.saturating_add(f.replacement_size);
                (f.replacement.0, to, f.name.as_str())
            })
            .filter(|(from, to, _)| start <= *from && *to <= end)
            .collect();
        named.sort_unstable();
        let rest = || format!("(payload of {})", record.body.id);
        let mut at = start;
        for (from, to, name) in named {
            zones.push(zone(at, from.max(at), rest()));
            zones.push(zone(from, to, name.to_owned()));
            at = at.max(to);
        }
        zones.push(zone(at, end, rest()));
    }
    zones
}
