//! The smallest image that holds given bytes.

/// RVA of the one section.
pub const SECTION: u32 = 0x1000;

/// A valid x64 image with one section, which holds `bytes` and may be executed. The base
/// relocation directory is in the same section where `relocations` says so.
pub fn image(bytes: &[u8], relocations: Option<(u32, u32)>) -> Vec<u8> {
    let mut file = vec![0u8; 0x200];
    let mut put = |at: usize, field: &[u8]| file[at..at + field.len()].copy_from_slice(field);
    let size = bytes.len() as u32;
    put(0, b"MZ");
    put(0x3c, &0x40u32.to_le_bytes());
    put(0x40, b"PE\0\0");
    put(0x44, &0x8664u16.to_le_bytes());
    put(0x46, &1u16.to_le_bytes());
    put(0x54, &240u16.to_le_bytes());
    put(0x56, &0x22u16.to_le_bytes());
    let optional = 0x58;
    put(optional, &0x20bu16.to_le_bytes());
    put(optional + 24, &0x1_4000_0000u64.to_le_bytes());
    put(optional + 32, &0x1000u32.to_le_bytes());
    put(optional + 36, &0x200u32.to_le_bytes());
    put(
        optional + 56,
        &(SECTION + size.next_multiple_of(0x1000)).to_le_bytes(),
    );
    put(optional + 60, &0x200u32.to_le_bytes());
    put(optional + 68, &3u16.to_le_bytes());
    put(optional + 108, &16u32.to_le_bytes());
    if let Some((rva, len)) = relocations {
        put(optional + 112 + 5 * 8, &rva.to_le_bytes());
        put(optional + 112 + 5 * 8 + 4, &len.to_le_bytes());
    }
    let section = optional + 240;
    put(section, b".text\0\0\0");
    put(section + 8, &size.to_le_bytes());
    put(section + 12, &SECTION.to_le_bytes());
    put(section + 16, &size.to_le_bytes());
    put(section + 20, &0x200u32.to_le_bytes());
    put(section + 36, &0x6000_0020u32.to_le_bytes());
    file.extend_from_slice(bytes);
    file
}
