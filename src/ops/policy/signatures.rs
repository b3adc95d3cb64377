//! How many signatures of which roles are enough.
//!
//! Each key counts once, for one role, even where it has several: whoever is builder and
//! approver doesn't approve what he built. Where keys can be counted in several ways, the
//! way that satisfies the threshold is taken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::package::container::MAX_SIGNATURES;

/// What a key stands for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever built the package.
    Builder,
    /// Whoever tested it.
    Tester,
    /// Whoever approved that it is used.
    Approver,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 3] = [Role::Builder, Role::Tester, Role::Approver];

    /// Its name in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Role::Builder => "builder",
            Role::Tester => "tester",
            Role::Approver => "approver",
        }
    }
}

/// How many different keys must have signed, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Keys with the role of builders.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub builder: u8,
    /// Keys with the role of testers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tester: u8,
    /// Keys with the role of approvers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub approver: u8,
    /// Further keys, whatever their roles.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub any: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(n: &u8) -> bool {
    *n == 0
}

/// One signature by any key.
impl Default for Threshold {
    fn default() -> Self {
        Threshold {
            builder: 0,
            tester: 0,
            approver: 0,
            any: 1,
        }
    }
}

impl Threshold {
    /// Whether a package can have that many signatures, and needs one at all.
    pub fn possible(&self) -> bool {
        (1..=MAX_SIGNATURES).contains(&self.places().count())
    }

    /// What has to be filled, one place per signature; `None` is for any key.
    fn places(&self) -> impl Iterator<Item = Option<Role>> {
        [
            (Some(Role::Builder), self.builder),
            (Some(Role::Tester), self.tester),
            (Some(Role::Approver), self.approver),
            (None, self.any),
        ]
        .into_iter()
        .flat_map(|(role, count)| std::iter::repeat_n(role, usize::from(count)))
    }

    /// The places that stay empty if as many as possible are filled, each by a key of its
    /// own; `keys` are the roles of each key that signed.
    pub fn missing(&self, keys: &[&[Role]]) -> Vec<Option<Role>> {
        let places: Vec<Option<Role>> = self.places().take(usize::from(u8::MAX)).collect();
        let mut by_key: Vec<Option<usize>> = vec![None; keys.len()];
        let mut missing = Vec::new();
        for (place, role) in places.iter().enumerate() {
            let mut seen = vec![false; keys.len()];
            if !fill(place, &places, keys, &mut by_key, &mut seen) {
                missing.push(*role);
            }
        }
        missing
    }
}

/// Gives a place to a key, which may give up its own for another (Kuhn's algorithm; as deep
/// as there are keys, of which a package has [`MAX_SIGNATURES`] at most).
fn fill(
    place: usize,
    places: &[Option<Role>],
    keys: &[&[Role]],
    by_key: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    for key in 0..keys.len() {
        let fits = places[place].is_none_or(|role| keys[key].contains(&role));
        if !fits || seen[key] {
            continue;
        }
        seen[key] = true;
        let free = by_key[key].is_none_or(|other| fill(other, places, keys, by_key, seen));
        if free {
            by_key[key] = Some(place);
            return true;
        }
    }
    false
}

/// Says what a threshold asks for.
impl std::fmt::Display for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            (self.builder, "builder"),
            (self.tester, "tester"),
            (self.approver, "approver"),
            (self.any, "any key"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, name)| format!("{count} × {name}"))
            .collect();
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::Role::{Approver, Builder, Tester};
    use super::*;

    fn threshold(builder: u8, tester: u8, approver: u8, any: u8) -> Threshold {
        Threshold {
            builder,
            tester,
            approver,
            any,
        }
    }

    #[test]
    fn a_key_counts_once() {
        let both = threshold(1, 0, 1, 0);
        let one: &[Role] = &[Builder, Approver];
        assert_eq!(both.missing(&[one]).len(), 1);
        assert!(both.missing(&[one, &[Builder]]).is_empty());
        assert!(both.missing(&[&[Approver], one]).is_empty());
        assert_eq!(both.missing(&[&[Tester], one]), [Some(Approver)]);
    }

    #[test]
    fn any_key_is_one_more() {
        let two = threshold(1, 0, 0, 1);
        assert_eq!(two.missing(&[&[Builder]]), [None]);
        assert!(two.missing(&[&[], &[Builder]]).is_empty());
        assert_eq!(two.missing(&[&[], &[]]), [Some(Builder)]);
    }

    #[test]
    fn nobody_can_ask_for_nothing_or_for_more_than_there_can_be() {
        assert!(Threshold::default().possible());
        assert!(!threshold(0, 0, 0, 0).possible());
        assert!(threshold(16, 0, 0, 0).possible());
        assert!(!threshold(16, 0, 0, 1).possible());
        assert!(!threshold(255, 255, 255, 255).possible());
        assert_eq!(threshold(255, 255, 0, 0).missing(&[]).len(), 255);
    }

    /// The most places that any way of counting fills.
    fn best(places: &[Option<Role>], keys: &[Vec<Role>]) -> usize {
        let Some((key, rest)) = keys.split_first() else {
            return 0;
        };
        let mut most = best(places, rest);
        for (i, place) in places.iter().enumerate() {
            if place.is_none_or(|role| key.contains(&role)) {
                let mut others = places.to_vec();
                others.remove(i);
                most = most.max(1 + best(&others, rest));
            }
        }
        most
    }

    proptest! {
        #[test]
        fn the_best_way_of_counting_is_found(
            counts in prop::array::uniform4(0u8..3),
            keys in prop::collection::vec(subsequence(Role::ALL.to_vec(), 0..=3), 0..5),
        ) {
            let threshold = threshold(counts[0], counts[1], counts[2], counts[3]);
            let places: Vec<_> = threshold.places().collect();
            let roles: Vec<&[Role]> = keys.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(
                places.len() - threshold.missing(&roles).len(),
                best(&places, &keys)
            );
        }
    }
}
