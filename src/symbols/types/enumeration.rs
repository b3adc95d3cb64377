//! Enumerations: what the values that a running program has stored mean.

use std::collections::BTreeMap;

use super::fields::Field;
use super::{LF_ARRAY, LF_ENUM, LF_MODIFIER, MAX_DEPTH, TypeIndex, Types};

/// The named values of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Enumeration {
    /// Width of a value in bytes.
    pub size: u64,
    /// Whether a value can be negative.
    pub signed: bool,
    /// Its values by name.
    pub values: BTreeMap<String, i128>,
    /// Whether a part of the record was not understood, so that equality proves nothing.
    pub incomplete: bool,
}

impl Enumeration {
    /// What is another value, or is gone, in a newer version, in words; `None` where every
    /// value still means what it meant.
    pub fn changed(&self, newer: &Enumeration) -> Option<String> {
        if self.incomplete || newer.incomplete {
            return Some("its record is not understood, so that it cannot be compared".into());
        }
        let signs = self.has_another_sign(newer).then(|| {
            let words = |signed| if signed { "signed" } else { "unsigned" };
            let (was, is) = (words(self.signed), words(newer.signed));
            format!("its values are {is} instead of {was}")
        });
        let mut values = self.values.iter();
        let value = values.find_map(|(name, value)| match newer.values.get(name) {
            Some(other) if other == value => None,
            Some(other) => Some(format!("{name} is {other} instead of {value}")),
            None => Some(match newer.values.iter().find(|(_, v)| *v == value) {
                Some((taken, _)) => format!("{value} is {taken} instead of {name}"),
                None => format!("{name}, which was {value}, is gone"),
            }),
        });
        value.or(signs)
    }

    /// Whether a stored value of the upper half means another number. Where the source does not
    /// name the type of the values, they are as wide as `int` at least, none is outside of what
    /// the names need, and a first negative one makes all of them signed: that alone changes
    /// nothing that is stored.
    fn has_another_sign(&self, newer: &Enumeration) -> bool {
        const WIDTH_OF_INT: u64 = 4;
        let has_negative = |e: &Enumeration| e.values.values().any(|v| *v < 0);
        let by_its_names = self.size >= WIDTH_OF_INT && has_negative(self) != has_negative(newer);
        self.signed != newer.signed && !by_its_names
    }
}

impl Types {
    /// All complete enumerations by stable name, as [`Self::layouts`]. One without a name that
    /// is the type of a member has the member's: `state::mode`. One that is no object's type
    /// only gives names to constants, and is left out.
    pub fn enumerations(&self) -> BTreeMap<String, Vec<super::Definition<Enumeration>>> {
        let named = self
            .by_name(|types, header| (header.kind == LF_ENUM).then(|| types.enumeration(header)));
        let mut all: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (name, definitions) in named {
            all.insert(name.to_owned(), definitions);
        }
        for (owner, indices) in &self.named {
            for index in indices {
                self.of_members(owner, *index, &mut all);
            }
        }
        all
    }

    /// Adds the enumerations without a name that are types of members.
    fn of_members(
        &self,
        owner: &str,
        index: TypeIndex,
        all: &mut BTreeMap<String, Vec<super::Definition<Enumeration>>>,
    ) {
        let Some(header) = self.udt(index).filter(|h| h.kind != LF_ENUM) else {
            return;
        };
        // What is not understood of the record makes its layout incomplete.
        let _ = self.fields_of(&header, &mut |field| {
            let Field::Member {
                name, member_type, ..
            } = field
            else {
                return;
            };
            let unnamed = self.enumeration_in(member_type);
            let Some(index) = unnamed.filter(|i| self.udt(*i).is_some_and(|u| u.is_unnamed()))
            else {
                return;
            };
            if let Some(header) = self.udt(index) {
                let name = format!("{owner}::{}", String::from_utf8_lossy(name));
                all.entry(name).or_default().push(super::Definition {
                    index,
                    numbered: header.scoped,
                    closure: false,
                    content: self.enumeration(&header),
                });
            }
        });
    }

    /// The complete enumeration that a type is, or is an array of.
    fn enumeration_in(&self, index: TypeIndex) -> Option<TypeIndex> {
        let mut index = index;
        for _ in 0..MAX_DEPTH {
            let (kind, mut c) = self.record(index)?;
            match kind {
                LF_MODIFIER | LF_ARRAY => index = TypeIndex(c.u32()?),
                LF_ENUM => return self.resolve(index).first().copied(),
                _ => return None,
            }
        }
        None
    }

    pub(super) fn enumeration(&self, header: &super::Udt<'_>) -> Enumeration {
        let mut values = BTreeMap::new();
        let complete = self.fields_of(header, &mut |field| {
            if let Field::Enumerator { name, value } = field {
                let value = if header.signed {
                    with_sign(value, header.size)
                } else {
                    value
                };
                values.insert(String::from_utf8_lossy(name).into_owned(), value);
            }
        });
        Enumeration {
            size: header.size,
            signed: header.signed,
            values,
            incomplete: complete.is_none(),
        }
    }
}

/// A value of so many bytes that some compilers write down as if it had no sign.
fn with_sign(value: i128, size: u64) -> i128 {
    match size {
        1 => i128::from(value as i8),
        2 => i128::from(value as i16),
        4 => i128::from(value as i32),
        8 => i128::from(value as i64),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enumeration(values: &[(&str, i128)]) -> Enumeration {
        Enumeration {
            size: 4,
            signed: values.iter().any(|(_, v)| *v < 0),
            values: values.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect(),
            incomplete: false,
        }
    }

    #[test]
    fn a_value_more_at_the_end_changes_nothing() {
        let old = enumeration(&[("OPEN", 0), ("SHUT", 1)]);
        let more = enumeration(&[("OPEN", 0), ("SHUT", 1), ("LOST", 2)]);
        assert_eq!(old.changed(&more), None);
        assert_eq!(
            more.changed(&old).as_deref(),
            Some("LOST, which was 2, is gone")
        );
        let inserted = enumeration(&[("SLOW", 0), ("OPEN", 1), ("SHUT", 2)]);
        assert_eq!(
            old.changed(&inserted).as_deref(),
            Some("OPEN is 1 instead of 0")
        );
        let other = enumeration(&[("OPEN", 0), ("LOST", 1)]);
        assert_eq!(
            old.changed(&other).as_deref(),
            Some("1 is LOST instead of SHUT")
        );
    }

    #[test]
    fn a_first_negative_name_is_no_other_sign_and_another_type_is() {
        let old = enumeration(&[("OPEN", 0), ("SHUT", 1)]);
        let negative = enumeration(&[("LOST", -1), ("OPEN", 0), ("SHUT", 1)]);
        assert_eq!(old.changed(&negative), None);
        let narrow = |signed| Enumeration {
            size: 1,
            signed,
            ..old.clone()
        };
        assert_eq!(
            narrow(false).changed(&narrow(true)).as_deref(),
            Some("its values are signed instead of unsigned")
        );
    }
}
