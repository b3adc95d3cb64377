//! Images and PDBs.

use hotpatch::addr::Rva;
use hotpatch::image::{Image, authenticode, kind_findings, layout_findings};
use hotpatch::symbols::{CodeRange, Lines, Symbols, TypeIndex, Types, fixups};

use crate::{edits, fixtures, msf};

/// A PE image: all tables, and what is read on demand.
pub fn image(data: &[u8]) {
    let _ = authenticode::sha256(data);
    let Ok(image) = Image::parse(data) else {
        return;
    };
    kind_findings(&image, "it");
    layout_findings(&image, "it");
    for function in &image.runtime_functions {
        let _ = image.unwind_info(function.info);
    }
    for section in &image.sections {
        let _ = image.rest_of_section(section.rva);
        let _ = image.loaded_bytes(section.rva, 64);
        image.relocations_in(section.rva, section.virtual_size);
    }
    for place in &image.base_relocations {
        let _ = image.pointer_at(*place);
    }
}

pub fn image_seeds() -> Vec<Vec<u8>> {
    let images = fixtures::builds().map(|b| b.image.to_vec());
    images
        .chain(fixtures::REFUSED.iter().map(|f| f.to_vec()))
        .collect()
}

fn read_pdb(pdb: &[u8]) {
    let Ok(symbols) = Symbols::parse(pdb) else {
        return;
    };
    let ranges: Vec<CodeRange> = symbols
        .procedures
        .iter()
        .map(|p| CodeRange {
            rva: p.rva,
            size: p.size,
            module: p.module,
        })
        .collect();
    if let Ok(lines) = Lines::read(pdb, &ranges) {
        for range in &ranges {
            lines.of_range(range.rva).for_each(drop);
            lines.chain(range.rva);
        }
    }
    read_types(&symbols.types);
    for procedure in &symbols.procedures {
        symbols.fixups_in(procedure.rva, procedure.size);
        symbols.contribution_at(procedure.rva);
    }
}

/// A whole PDB, byte by byte.
pub fn pdb(data: &[u8]) {
    read_pdb(data);
}

/// Small ones only: what is in the streams is the business of [`streams`].
pub fn pdb_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![fixtures::REFUSED[5].to_vec()];
    seeds.push(fixtures::PAIRS[1].0.pdb.to_vec());
    seeds
}

/// PDBs with edits in their streams.
pub fn streams(data: &[u8]) {
    if let Some((old, new)) = edits::pair(data) {
        read_pdb(&old.pdb);
        if old.pdb != new.pdb {
            read_pdb(&new.pdb);
        }
    }
}

fn read_types(types: &Types) {
    types.layouts();
    for index in 0x1000..0x1400 {
        types.size_of(TypeIndex(index));
        types.type_name(TypeIndex(index));
    }
}

/// A type stream, or a list of fixups.
pub fn types(data: &[u8]) {
    if let Ok(types) = Types::parse(data) {
        read_types(&types);
    }
    if let Some(number) = fixups::stream_number(data) {
        assert!(number != 0xffff && Rva(number.into()).0 != 0);
    }
    let list = fixups::parse(data);
    assert!(list.is_sorted_by_key(|f| f.rva));
}

pub fn type_seeds() -> Vec<Vec<u8>> {
    let stream = |pdb: &[u8], n: usize| msf::content(pdb, &msf::streams(pdb)[n]);
    fixtures::builds()
        .flat_map(|b| [stream(b.pdb, 2), stream(b.pdb, 3)])
        .collect()
}
