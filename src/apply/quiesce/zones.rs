//! The code that no thread may be inside of.

/// A range of code under one name. Addresses are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// First byte.
    pub start: u64,
    /// First byte after it.
    pub end: u64,
    /// Name of the function, for the user.
    pub function: String,
    /// Whether a word that equals `start` counts. The start of a function that stays is
    /// held by every pointer to it, and no call returns to it.
    pub start_counts: bool,
    /// Whether a word that equals `end` counts: the last instruction may be a call of a
    /// function that does not return, and what that throws unwinds through the zone.
    pub end_counts: bool,
}

/// Zones in order, for quick look-up.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    /// By ascending start; they do not overlap.
    zones: Vec<Zone>,
    /// First byte of the first one.
    low: u64,
    /// First byte after the last one.
    high: u64,
}

impl Zones {
    /// Puts zones in order. What two of them share belongs to the one that starts first.
    pub fn new(mut zones: Vec<Zone>) -> Self {
        zones.sort_by_key(|z| z.start);
        let mut end = 0;
        for zone in &mut zones {
            if zone.start < end {
                zone.start = end;
                zone.start_counts = true;
            }
            end = end.max(zone.end);
        }
        zones.retain(|z| z.start < z.end);
        Zones {
            low: zones.first().map_or(0, |z| z.start),
            high: zones.last().map_or(0, |z| z.end),
            zones,
        }
    }

    /// The zone that holds an instruction pointer.
    pub fn executing(&self, address: u64) -> Option<&Zone> {
        if !(self.low..self.high).contains(&address) {
            return None;
        }
        let after = self.zones.partition_point(|z| z.start <= address);
        let zone = &self.zones[after.checked_sub(1)?];
        (address < zone.end).then_some(zone)
    }

    /// The zone that a register points into.
    pub fn pointed(&self, value: u64) -> Option<&Zone> {
        let inside = self.executing(value);
        inside.filter(|z| value != z.start || z.start_counts)
    }

    /// The zone that a word may be a return address into.
    pub fn returning(&self, word: u64) -> Option<&Zone> {
        self.pointed(word).or_else(|| {
            let before = self.executing(word.checked_sub(1)?)?;
            (word == before.end && before.end_counts).then_some(before)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(start: u64, end: u64, start_counts: bool) -> Zone {
        Zone {
            start,
            end,
            function: format!("f{start:x}"),
            start_counts,
            end_counts: !start_counts,
        }
    }

    #[test]
    fn edges_belong_to_the_right_zone() {
        let zones = Zones::new(vec![zone(0x20, 0x30, true), zone(0x10, 0x18, false)]);
        let name = |z: Option<&Zone>| z.map(|z| z.start);
        assert_eq!(name(zones.pointed(0x18)), None);
        for (at, executing, returning) in [
            (0x0f, None, None),
            (0x10, Some(0x10), None),
            (0x11, Some(0x10), Some(0x10)),
            (0x17, Some(0x10), Some(0x10)),
            (0x18, None, Some(0x10)),
            (0x19, None, None),
            (0x20, Some(0x20), Some(0x20)),
            (0x2f, Some(0x20), Some(0x20)),
            (0x30, None, None),
        ] {
            assert_eq!(name(zones.executing(at)), executing, "{at:#x}");
            assert_eq!(name(zones.returning(at)), returning, "{at:#x}");
        }
        assert_eq!(Zones::new(Vec::new()).executing(0), None);
    }

    #[test]
    fn overlaps_are_covered_without_a_gap() {
        let zones = Zones::new(vec![
            zone(0x10, 0x40, false),
            zone(0x20, 0x30, false),
            zone(0x38, 0x50, false),
        ]);
        for at in 0x11..=0x50 {
            assert!(zones.returning(at).is_some(), "{at:#x}");
        }
        assert!(zones.returning(0x51).is_none());
    }

    #[test]
    fn a_call_may_be_the_last_instruction_before_another_function() {
        let zones = Zones::new(vec![zone(0x10, 0x20, false), zone(0x20, 0x30, false)]);
        assert_eq!(zones.returning(0x20).map(|z| z.start), Some(0x10));
        assert_eq!(zones.executing(0x20).map(|z| z.start), Some(0x20));
        let second = Zones::new(vec![zone(0x20, 0x30, false)]);
        assert_eq!(second.returning(0x20), None);
    }
}
