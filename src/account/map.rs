//! What each byte of an image's sections was found to be.

use crate::addr::Rva;
use crate::image::Image;

/// What a byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// Nothing yet.
    #[default]
    None,
    /// The other build has it with the same bytes.
    Shared,
    /// The other build has it, with other addresses in it.
    Moved,
    /// A function of the patch, or data that only such functions use.
    InPatch,
    /// A function that differs in nothing but the version and is left as it is, or a text
    /// that it uses.
    LeftOut,
    /// A difference that another finding or list of the report names.
    Reported,
    /// Between the items of a section.
    Padding,
    /// Tables of the linker and loader, compared by what they say.
    Metadata,
    /// None of these.
    Unexplained,
}

/// Bytes by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// The same in both builds, byte for byte.
    pub shared: u64,
    /// The same in both builds but for addresses.
    pub moved: u64,
    /// Functions of the patch, and data that only they use.
    pub in_patch: u64,
    /// Functions that differ in nothing but the version and are left as they are, with the
    /// texts that differ in it.
    pub left_out: u64,
    /// Differences that another finding or list of the report names.
    pub reported: u64,
    /// Between the items of a section.
    pub padding: u64,
    /// Headers, tables of the linker, debug information.
    pub metadata: u64,
    /// None of these.
    pub unexplained: u64,
}

/// The class of every byte that the file has for a section.
pub struct Map {
    sections: Vec<(Rva, Vec<Class>)>,
}

impl Map {
    /// Nothing is known yet.
    pub fn new(image: &Image<'_>) -> Self {
        let sections = image.sections.iter();
        Map {
            sections: sections
                .map(|s| (s.rva, vec![Class::None; s.file_size]))
                .collect(),
        }
    }

    fn part(&mut self, rva: Rva, len: u32) -> &mut [Class] {
        let after = self.sections.partition_point(|(start, _)| *start <= rva);
        let Some((start, bytes)) = after.checked_sub(1).map(|i| &mut self.sections[i]) else {
            return &mut [];
        };
        let from = (rva.0 - start.0) as usize;
        let to = from.saturating_add(len as usize).min(bytes.len());
        bytes.get_mut(from..to).unwrap_or(&mut [])
    }

    /// Gives the bytes of a range that have no class yet this one.
    pub fn paint(&mut self, rva: Rva, len: u32, class: Class) {
        let part = self.part(rva, len).iter_mut();
        part.filter(|c| **c == Class::None).for_each(|c| *c = class);
    }

    /// The class of a byte; `None` where the file has none there.
    pub fn at(&self, rva: Rva) -> Option<Class> {
        let after = self.sections.partition_point(|(start, _)| *start <= rva);
        let (start, bytes) = &self.sections[after.checked_sub(1)?];
        bytes.get((rva.0 - start.0) as usize).copied()
    }

    /// The longest ranges without a class, ascending.
    pub fn open(&self) -> Vec<(Rva, u32)> {
        let mut found = Vec::new();
        for (start, bytes) in &self.sections {
            let mut at = 0;
            while at < bytes.len() {
                let same = bytes[at..].iter().take_while(|c| **c == bytes[at]).count();
                if bytes[at] == Class::None {
                    found.push((Rva(start.0 + at as u32), same as u32));
                }
                at += same;
            }
        }
        found
    }

    /// Adds up the classes.
    pub fn add_to(&self, bytes: &mut Bytes) {
        for class in self.sections.iter().flat_map(|(_, bytes)| bytes) {
            *match class {
                Class::None | Class::Unexplained => &mut bytes.unexplained,
                Class::Shared => &mut bytes.shared,
                Class::Moved => &mut bytes.moved,
                Class::InPatch => &mut bytes.in_patch,
                Class::LeftOut => &mut bytes.left_out,
                Class::Reported => &mut bytes.reported,
                Class::Padding => &mut bytes.padding,
                Class::Metadata => &mut bytes.metadata,
            } += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_class_of_a_byte_counts() {
        let mut map = Map {
            sections: vec![(Rva(0x1000), vec![Class::None; 8])],
        };
        map.paint(Rva(0x1002), 2, Class::Moved);
        map.paint(Rva(0x1000), 4, Class::Padding);
        map.paint(Rva(0x1006), 100, Class::Metadata);
        map.paint(Rva(0x500), 1, Class::Metadata);
        assert_eq!(map.at(Rva(0x1003)), Some(Class::Moved));
        assert_eq!(map.at(Rva(0x1001)), Some(Class::Padding));
        assert_eq!(map.at(Rva(0x1008)), None);
        assert_eq!(map.open(), [(Rva(0x1004), 2)]);
        let mut bytes = Bytes::default();
        map.add_to(&mut bytes);
        assert_eq!((bytes.moved, bytes.padding, bytes.metadata), (2, 2, 2));
        assert_eq!(bytes.unexplained, 2);
    }
}
