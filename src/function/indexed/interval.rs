//! What is known of a number in a register: the least and the greatest value it can have.

/// Values from `low` to `high`, both included, as a signed 64-bit number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Least value.
    pub low: i64,
    /// Greatest value.
    pub high: i64,
}

impl Interval {
    /// Nothing is known.
    pub const ALL: Interval = Interval {
        low: i64::MIN,
        high: i64::MAX,
    };
    /// What fits into 32 bits without a sign.
    pub const WORD: Interval = Interval {
        low: 0,
        high: u32::MAX as i64,
    };

    /// One value.
    pub fn exactly(value: i64) -> Self {
        Interval {
            low: value,
            high: value,
        }
    }

    /// From one value to another.
    pub fn new(low: i64, high: i64) -> Self {
        Interval { low, high }
    }

    /// Whether it is one value.
    pub fn is_exact(self) -> bool {
        self.low == self.high
    }

    /// Whether every value of it is in another one.
    pub fn is_within(self, other: Interval) -> bool {
        other.low <= self.low && self.high <= other.high
    }

    /// Values of either.
    pub fn join(self, other: Interval) -> Self {
        Interval::new(self.low.min(other.low), self.high.max(other.high))
    }

    /// Values of both; of the first where they exclude each other (code that is not reached).
    pub fn meet(self, other: Interval) -> Self {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        match low <= high {
            true => Interval::new(low, high),
            false => self,
        }
    }

    /// A bound that still moves from pass to pass is given up.
    pub fn widen(self, next: Interval) -> Self {
        Interval::new(
            if next.low < self.low {
                i64::MIN
            } else {
                self.low
            },
            if next.high > self.high {
                i64::MAX
            } else {
                self.high
            },
        )
    }

    /// The sum. A bound that is not known stays unknown; 64 bits do not overflow in an index.
    pub fn plus(self, other: Interval) -> Self {
        let low = match self.low == i64::MIN || other.low == i64::MIN {
            true => i64::MIN,
            false => self.low.saturating_add(other.low),
        };
        let high = match self.high == i64::MAX || other.high == i64::MAX {
            true => i64::MAX,
            false => self.high.saturating_add(other.high),
        };
        Interval { low, high }
    }

    /// The product with a factor above 0.
    pub fn times(self, factor: i64) -> Self {
        Interval::new(
            self.low.saturating_mul(factor),
            self.high.saturating_mul(factor),
        )
    }

    /// The result of an operation of 32 bits, whose upper half is zero.
    pub fn narrow(self) -> Self {
        match self.is_within(Interval::WORD) {
            true => self,
            false => Interval::WORD,
        }
    }

    /// `and` with another value: never above one that has no sign.
    pub fn and(self, other: Interval) -> Self {
        match (self.low >= 0, other.low >= 0) {
            (true, true) => Interval::new(0, self.high.min(other.high)),
            (true, false) => Interval::new(0, self.high),
            (false, true) => Interval::new(0, other.high),
            (false, false) => Interval::ALL,
        }
    }

    /// `or` with another value: never below either of two without a sign.
    pub fn or(self, other: Interval) -> Self {
        if self.low < 0 || other.low < 0 {
            return Interval::ALL;
        }
        let most = (self.high | other.high) as u64;
        let ones = u64::MAX >> most.leading_zeros().min(63);
        Interval::new(self.low.max(other.low), ones.min(i64::MAX as u64) as i64)
    }

    /// `xor` with another value: a bit above all others stays.
    pub fn xor(self, other: Interval) -> Self {
        if self.low < 0 || other.low < 0 {
            return Interval::ALL;
        }
        let all = self.or(other);
        let top = |own: Interval, of: Interval| match own.is_exact() && own.low > 0 {
            true => Some(1 << own.low.ilog2()).filter(|top| of.high < *top),
            false => None,
        };
        let least = top(self, other).or_else(|| top(other, self));
        Interval::new(least.unwrap_or(0), all.high)
    }

    /// Shift to the right without a sign.
    pub fn shifted_right(self, bits: u32) -> Self {
        match self.low >= 0 {
            true => Interval::new(self.low >> bits, self.high >> bits),
            false if bits > 0 => Interval::new(0, (u64::MAX >> bits) as i64),
            false => Interval::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn or_raises_the_least_value() {
        let index = Interval::ALL.and(Interval::exactly(63));
        assert_eq!(index, Interval::new(0, 63));
        assert_eq!(index.or(Interval::exactly(64)), Interval::new(64, 127));
    }

    #[test]
    fn xor_keeps_the_highest_bit() {
        let xor = |low, high, with| Interval::new(low, high).xor(Interval::exactly(with));
        assert_eq!(xor(0, 31, 64), Interval::new(64, 127));
        assert_eq!(xor(0, 64, 65), Interval::new(0, 127));
        assert_eq!(xor(0, 31, 0), Interval::new(0, 31));
        assert_eq!(xor(0, 31, -1), Interval::ALL);
    }

    #[test]
    fn what_overflows_is_not_known() {
        assert_eq!(
            Interval::new(0, 5).plus(Interval::exactly(-6)).narrow(),
            Interval::WORD
        );
        assert_eq!(Interval::ALL.plus(Interval::exactly(1)), Interval::ALL);
        assert_eq!(Interval::ALL.shifted_right(63), Interval::new(0, 1));
    }

    #[test]
    fn a_counter_keeps_its_start() {
        let first = Interval::exactly(64);
        let next = first.join(first.plus(Interval::exactly(1)));
        assert_eq!(first.widen(next), Interval::new(64, i64::MAX));
    }
}
