//! Address spaces as types, so that one can never be mistaken for another.
//!
//! All four count bytes. Serialised, an address is a lower-case hex string
//! (`"0x1a2b"`), in the manifest as in JSON.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Offset from the image base of a loaded PE image (a *relative virtual address*).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rva(pub u32);

/// Absolute address in a process, or at the preferred base of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Va(pub u64);

/// Offset from the start of a file on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileOffset(pub usize);

/// Offset from the start of a section of a COFF object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionOffset(pub u32);

impl Rva {
    /// This address plus `bytes`; `None` where it leaves the 32-bit space.
    pub fn checked_add(self, bytes: u32) -> Option<Rva> {
        self.0.checked_add(bytes).map(Rva)
    }

    /// This address plus a signed distance; `None` where it leaves the 32-bit space.
    pub fn checked_offset(self, bytes: i64) -> Option<Rva> {
        let sum = i64::from(self.0).checked_add(bytes)?;
        u32::try_from(sum).ok().map(Rva)
    }

    /// The absolute address of this RVA in an image loaded at `base`.
    pub fn at(self, base: Va) -> Va {
        Va(base.0.wrapping_add(u64::from(self.0)))
    }
}

impl Va {
    /// The RVA of this address in an image at `base`; `None` below the base or past 4 GiB.
    pub fn rva(self, base: Va) -> Option<Rva> {
        self.0
            .checked_sub(base.0)
            .and_then(|d| u32::try_from(d).ok())
            .map(Rva)
    }

    /// This address plus `bytes`; `None` on overflow.
    pub fn checked_add(self, bytes: u64) -> Option<Va> {
        self.0.checked_add(bytes).map(Va)
    }
}

impl fmt::Display for Rva {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Display for Va {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

fn parse_hex(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain
        .then(|| u64::from_str_radix(digits, 16).ok())
        .flatten()
}

impl Serialize for Rva {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl JsonSchema for Rva {
    fn schema_name() -> Cow<'static, str> {
        "Rva".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^0x[0-9a-f]{1,8}$",
            "description": "Offset from the image base in bytes, as lower-case hex."
        })
    }
}

impl<'de> Deserialize<'de> for Rva {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        parse_hex(&text)
            .and_then(|v| u32::try_from(v).ok())
            .map(Rva)
            .ok_or_else(|| {
                de::Error::custom(format!(
                    "expected an RVA such as \"0x1000\", found {text:?}"
                ))
            })
    }
}

impl Serialize for Va {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl JsonSchema for Va {
    fn schema_name() -> Cow<'static, str> {
        "Va".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^0x[0-9a-f]{1,16}$",
            "description": "Absolute address, as lower-case hex."
        })
    }
}

impl<'de> Deserialize<'de> for Va {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        parse_hex(&text).map(Va).ok_or_else(|| {
            de::Error::custom(format!(
                "expected an address such as \"0x140000000\", found {text:?}"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rva_arithmetic_is_checked_at_the_edges() {
        assert_eq!(Rva(u32::MAX).checked_add(1), None);
        assert_eq!(Rva(4).checked_offset(-5), None);
        assert_eq!(Rva(4).checked_offset(-4), Some(Rva(0)));
        assert_eq!(Va(0x1000).rva(Va(0x1001)), None);
        assert_eq!(Va(0x1_0000_1000).rva(Va(0x1000)), None);
        assert_eq!(Va(0x1_4000_1000).rva(Va(0x1_4000_0000)), Some(Rva(0x1000)));
    }

    #[test]
    fn addresses_are_hex_strings() {
        assert_eq!(serde_json::to_string(&Rva(0x1a2b)).unwrap(), "\"0x1a2b\"");
        assert_eq!(
            serde_json::from_str::<Rva>("\"0x1a2b\"").unwrap(),
            Rva(0x1a2b)
        );
        for bad in ["\"1a2b\"", "\"0x\"", "\"0x+1\"", "\"0x100000000\"", "7"] {
            assert!(serde_json::from_str::<Rva>(bad).is_err(), "{bad}");
        }
    }
}
