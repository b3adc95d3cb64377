//! Type streams made by hand, with records that the compilers at hand do not write.

use super::{TypeIndex, Types};

/// Makes a type stream, record by record.
#[derive(Default)]
pub struct Stream {
    records: Vec<u8>,
    count: u32,
}

/// The index of the first record.
const FIRST: u32 = 0x1000;

impl Stream {
    /// Adds a record; the body without its length.
    pub fn add(&mut self, kind: u16, body: &[&[u8]]) -> TypeIndex {
        let mut record = kind.to_le_bytes().to_vec();
        record.extend(body.concat());
        while record.len() % 4 != 2 {
            // `LF_PAD1` … `LF_PAD3`.
            let left = (6 - record.len() % 4) % 4;
            record.push(0xf0 + left as u8);
        }
        self.records.extend((record.len() as u16).to_le_bytes());
        self.records.extend(record);
        self.count += 1;
        TypeIndex(FIRST + self.count - 1)
    }

    /// Adds the fields of a structure: name, type, offset of each.
    pub fn fields(&mut self, fields: &[(&str, u32, u16)]) -> TypeIndex {
        let mut list = Vec::new();
        for (name, member_type, offset) in fields {
            list.extend(0x150d_u16.to_le_bytes());
            list.extend(3_u16.to_le_bytes());
            list.extend(member_type.to_le_bytes());
            list.extend(offset.to_le_bytes());
            list.extend(name.as_bytes());
            list.push(0);
            while list.len() % 4 != 0 {
                list.push(0xf0 + (4 - list.len() % 4) as u8);
            }
        }
        self.add(super::LF_FIELDLIST, &[&list])
    }

    /// The types of the stream.
    pub fn types(&self) -> Types {
        let mut stream = vec![0; 56];
        stream[4..8].copy_from_slice(&56u32.to_le_bytes());
        stream[8..12].copy_from_slice(&FIRST.to_le_bytes());
        stream[12..16].copy_from_slice(&(FIRST + self.count).to_le_bytes());
        stream[16..20].copy_from_slice(&(self.records.len() as u32).to_le_bytes());
        stream.extend(&self.records);
        Types::parse(&stream).expect("a type stream")
    }
}

/// An older record of a structure.
pub fn structure(stream: &mut Stream, name: &str, fields: TypeIndex, size: u16) -> TypeIndex {
    let body: [&[u8]; 8] = [
        &1u16.to_le_bytes(),
        &0u16.to_le_bytes(),
        &fields.0.to_le_bytes(),
        &[0; 8],
        &size.to_le_bytes(),
        name.as_bytes(),
        &[0],
        &[],
    ];
    stream.add(super::LF_STRUCTURE, &body)
}

/// A record of a newer form: of a class, structure or interface, or of a union.
fn newer(stream: &mut Stream, kind: u16, name: &str, fields: TypeIndex, size: u16) -> TypeIndex {
    let shape: &[u8] = if kind == super::LF_UNION2 {
        &[]
    } else {
        &[0; 8]
    };
    let unique = format!(".?AU{name}@@\0");
    let body: [&[u8]; 8] = [
        &0x200u32.to_le_bytes(),
        &fields.0.to_le_bytes(),
        shape,
        &1u16.to_le_bytes(),
        &size.to_le_bytes(),
        name.as_bytes(),
        &[0],
        unique.as_bytes(),
    ];
    stream.add(kind, &body)
}

#[test]
fn newer_records_of_classes_are_read() {
    for kind in [
        super::LF_CLASS2,
        super::LF_STRUCTURE2,
        super::LF_UNION2,
        super::LF_INTERFACE2,
    ] {
        let mut stream = Stream::default();
        let fields = stream.fields(&[("id", 0x74, 0), ("more", 0x13, 8)]);
        let index = newer(&mut stream, kind, "Shop", fields, 16);
        let types = stream.types();
        assert_eq!(types.size_of(index), Some(16), "{kind:#x}");
        assert_eq!(types.display_name(index), "Shop");
        let layouts = types.layouts();
        let layout = &layouts["Shop"][0].content;
        let members: Vec<_> = layout
            .members
            .iter()
            .map(|m| (m.offset, &*m.name))
            .collect();
        assert_eq!(members, [(0, "id"), (8, "more")]);
        assert!(!layout.incomplete && types.unknown.is_empty());
    }
}

#[test]
fn unknown_records_are_counted_and_make_a_layout_incomplete() {
    let mut stream = Stream::default();
    let unknown = stream.add(0x16ff, &[&[1, 2, 3, 4]]);
    let fields = stream.fields(&[("id", 0x74, 0), ("what", unknown.0, 4)]);
    structure(&mut stream, "Shop", fields, 8);
    let types = stream.types();
    assert_eq!(types.unknown.get(&0x16ff), Some(&1));
    assert!(types.layouts()["Shop"][0].content.incomplete);
    assert_eq!(types.type_name(unknown), "unknown");
}

#[test]
fn aliases_are_what_they_stand_for() {
    let mut stream = Stream::default();
    let alias = stream.add(super::LF_ALIAS, &[&0x74u32.to_le_bytes(), b"number\0"]);
    let types = stream.types();
    assert_eq!(types.type_name(alias), "i32");
    assert_eq!(types.size_of(alias), Some(4));
}

#[test]
fn which_of_several_types_a_reference_means_is_not_guessed() {
    let mut stream = Stream::default();
    let forward: [&[u8]; 5] = [
        &0u16.to_le_bytes(),
        &0x80u16.to_le_bytes(),
        &[0; 12],
        &0u16.to_le_bytes(),
        b"node\0",
    ];
    let forward = stream.add(super::LF_STRUCTURE, &forward);
    let short = stream.fields(&[("key", 0x74, 0)]);
    let long = stream.fields(&[("key", 0x74, 0), ("more", 0x74, 4)]);
    structure(&mut stream, "node", short, 4);
    assert_eq!(stream.types().size_of(forward), Some(4));
    structure(&mut stream, "node", long, 8);
    let types = stream.types();
    assert_eq!(types.size_of(forward), None);
    assert_eq!(types.layouts()["node"].len(), 2);
    // Nor is it proven that two builds mean the same by it.
    assert_eq!(types.digest(forward), None);
}

#[test]
fn types_that_lead_to_themselves_have_an_end() {
    let mut stream = Stream::default();
    // An unnamed structure with a member of its own type, and a pointer to itself.
    let index = super::TypeIndex(FIRST + 1);
    let fields = stream.fields(&[("self", index.0, 0), ("other", index.0, 0)]);
    structure(&mut stream, "<unnamed-tag>", fields, 8);
    let pointer = TypeIndex(FIRST + 2);
    stream.add(
        super::LF_POINTER,
        &[&pointer.0.to_le_bytes(), &0x1000cu32.to_le_bytes()],
    );
    let mut types = stream.types();
    types.name_unnamed(index, "itself");
    assert!(
        types
            .layouts()
            .values()
            .flatten()
            .all(|d| d.content.incomplete)
    );
    assert_eq!(types.type_name(pointer), "unknown");
}
