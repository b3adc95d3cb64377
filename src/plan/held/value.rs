//! What is known of what a register or a place in a frame holds.

/// The address of the constant, with something added to it or taken from it.
pub(super) const ADDRESS: u16 = 1;
/// The address of a constant that leads to it.
pub(super) const CONTAINER: u16 = 1 << 1;
/// The address of a constant that leads to one of these.
pub(super) const DEEP: u16 = 1 << 9;
/// Something that is computed of such an address in another way.
pub(super) const MIXED: u16 = 1 << 2;
/// What has to do with the address.
pub(super) const HELD: u16 = ADDRESS | CONTAINER | DEEP | MIXED;
/// What is read of one of these constants.
pub(super) const CONTENT: u16 = 1 << 3;
/// Four bytes that are read of the constant.
pub(super) const DISTANCE: u16 = 1 << 4;
/// All but the lowest byte of it is what it was before something else was written there.
pub(super) const UPPER: u16 = 1 << 5;
/// It was there before a call that has returned, where the patch may come in the meantime.
pub(super) const OLD: u16 = 1 << 6;
/// Where it leads to a frame, it may also lead elsewhere.
pub(super) const UNSURE: u16 = 1 << 7;
/// It came as a part of more than eight bytes, as no argument does.
pub(super) const WIDE: u16 = 1 << 8;

/// The frame of the function itself.
pub(super) const OWN: u16 = 1;
/// The frame of a funclet.
pub(super) const FUNCLET: u16 = 1 << 15;
/// Where the objects begin that the first four arguments lead to, of callers that are not known.
pub(super) const PARAMETERS: u32 = 8;
/// The frames of callers.
const FRAMES: u16 = 0x7f;
/// The last of them.
pub(super) const LAST_FRAME: u16 = 1 << 6;
/// What the arguments lead to.
pub(super) const OF_PARAMETERS: u16 = 0x0f00;

/// What is known of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value {
    /// What it has to do with the address.
    pub taint: u16,
    /// Where it leads: a bit for the own frame, for that of the caller, of its caller and so on.
    pub regions: u16,
    /// How far from there; of what leads nowhere the number itself, an RVA where it is one.
    pub at: Option<i64>,
}

impl Value {
    /// A known number.
    pub fn number(at: i64) -> Value {
        Value {
            at: Some(at),
            ..Value::default()
        }
    }

    /// A place in a frame.
    pub fn place(regions: u16, at: Option<i64>) -> Value {
        Value {
            regions,
            at,
            ..Value::default()
        }
    }

    /// Whether it has to do with the address.
    pub fn is_held(self) -> bool {
        self.taint & HELD != 0
    }

    /// Whether nothing has to be remembered of it.
    pub fn is_plain(self) -> bool {
        self.taint & (HELD | CONTENT | DISTANCE) == 0 && self.regions == 0
    }

    /// Either of them.
    pub fn or(self, other: Value) -> Value {
        let taint = self.taint | other.taint;
        let one = (self.regions == 0) != (other.regions == 0);
        Value {
            taint: if one { taint | UNSURE } else { taint },
            regions: self.regions | other.regions,
            at: self
                .at
                .filter(|_| self.at == other.at && self.regions == other.regions),
        }
    }

    /// Something that is computed of it.
    pub fn mixed(self) -> Value {
        let mixed = if self.is_held() { MIXED } else { 0 };
        let unsure = if self.regions != 0 { UNSURE } else { 0 };
        Value {
            taint: (self.taint & !(CONTENT | DISTANCE | UPPER)) | mixed | unsure,
            regions: self.regions,
            at: None,
        }
    }

    /// The sum of two. `elsewhere` tells whether no distance in the constant leads into it.
    pub fn plus(self, other: Value, elsewhere: bool) -> Value {
        match (self.is_plain(), other.is_plain()) {
            (_, true) if other.at == Some(0) => return self,
            (true, _) if self.at == Some(0) => return other,
            _ => {}
        }
        let at = self.at.zip(other.at).map(|(a, b)| a.wrapping_add(b));
        let taint = self.taint | other.taint;
        let (a, b) = (self.taint & !OLD, other.taint & !OLD);
        let distance = |v: u16| v & DISTANCE != 0 && v & HELD == 0;
        let of_table = (a & (HELD | UPPER) == ADDRESS && distance(b))
            || (b & (HELD | UPPER) == ADDRESS && distance(a));
        if of_table && elsewhere {
            return Value {
                taint: CONTENT,
                ..Value::default()
            };
        }
        // A table of distances and a distance out of it make the address itself.
        let of_distances = |table: u16, found: u16| {
            table & (CONTAINER | DEEP) != 0
                && table & (HELD | UPPER) & !(CONTAINER | DEEP) == 0
                && found & DISTANCE != 0
                && found & HELD != 0
        };
        if of_distances(a, b) || of_distances(b, a) {
            let found = if of_distances(a, b) { other } else { self };
            return Value {
                taint: found.taint & !DISTANCE | taint & OLD,
                ..Value::default()
            };
        }
        let both = self.is_held() && other.is_held();
        let with_table = taint & (CONTAINER | DEEP) != 0;
        let two = self.regions != 0 && other.regions != 0;
        let taint = taint & !(CONTENT | DISTANCE)
            | if both && !with_table { MIXED } else { 0 }
            | if two { UNSURE } else { 0 };
        Value {
            taint,
            regions: self.regions | other.regions,
            at: if two { None } else { at },
        }
    }

    /// Their difference.
    pub fn minus(self, other: Value) -> Value {
        let plain = |v: Value| v.taint & (HELD | UPPER) == ADDRESS;
        if plain(self) && plain(other) {
            return Value {
                taint: (self.taint | other.taint) & OLD,
                ..Value::default()
            };
        }
        let at = self.at.zip(other.at).map(|(a, b)| a.wrapping_sub(b));
        if other.is_held() || other.regions != 0 {
            let both = self.mixed().or(other.mixed());
            let same = self.regions == other.regions && !other.is_held() && !self.is_held();
            return match same {
                true => Value::default(),
                false => both,
            };
        }
        Value {
            taint: self.taint & !(CONTENT | DISTANCE),
            regions: self.regions,
            at,
        }
    }

    /// As the function that is called sees it.
    pub fn down(self) -> Value {
        let frames = (self.regions & FRAMES) << 1 & FRAMES;
        let lost = self.regions & (LAST_FRAME | FUNCLET) != 0;
        Value {
            taint: self.taint | if lost { UNSURE } else { 0 },
            regions: frames | self.regions & OF_PARAMETERS,
            at: self.at.filter(|_| self.regions != 0 || self.is_held()),
        }
    }

    /// As the caller sees it.
    pub fn up(self) -> Value {
        Value {
            taint: self.taint,
            regions: (self.regions & FRAMES) >> 1 | self.regions & OF_PARAMETERS,
            at: self.at.filter(|_| self.regions & OWN == 0),
        }
    }
}

/// Each of some regions.
pub(super) fn each(regions: u16) -> impl Iterator<Item = u16> {
    (0..16).map(|n| 1 << n).filter(move |r| regions & r != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(taint: u16) -> Value {
        Value {
            taint,
            ..Value::default()
        }
    }

    #[test]
    fn only_the_distance_of_two_places_in_the_constant_is_harmless() {
        let address = of(ADDRESS);
        assert!(!address.minus(address).is_held());
        assert!(address.minus(Value::number(8)).is_held());
        assert!(Value::number(8).minus(address).is_held());
        assert!(address.minus(of(CONTAINER)).is_held());
        assert!(address.mixed().minus(address).is_held());
        assert!(address.plus(address, true).is_held());
    }

    #[test]
    fn a_table_of_distances_and_one_of_these_lead_to_the_constant() {
        let found = of(CONTAINER).plus(of(ADDRESS | CONTENT | DISTANCE), false);
        assert_eq!(found.taint & HELD, ADDRESS);
        // A distance in the constant that leads elsewhere makes another address.
        let other = of(ADDRESS).plus(of(CONTENT | DISTANCE), true);
        assert!(!other.is_held());
        assert!(of(ADDRESS).plus(of(CONTENT | DISTANCE), false).is_held());
    }

    #[test]
    fn a_place_in_a_frame_may_be_elsewhere_where_paths_disagree() {
        let place = Value::place(OWN, Some(-8));
        assert_eq!(place.or(place), place);
        assert_eq!(place.or(Value::place(OWN, Some(-16))).at, None);
        assert_ne!(place.or(Value::default()).taint & UNSURE, 0);
        assert_eq!(place.down().up(), place);
    }
}
