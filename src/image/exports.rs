//! The export table, as names and where they lead.

use goblin::pe::export::{Export, ExportData, Reexport};
use goblin::pe::header::Header;
use goblin::pe::optional_header::OptionalHeader;

use super::ImageError;
use crate::addr::Rva;

/// Exported names with the RVA (`0x1000`) or forwarder (`other.dll!name`) they lead
/// to, sorted by name.
pub fn parse(
    bytes: &[u8],
    header: &Header<'_>,
    optional: &OptionalHeader,
) -> Result<Vec<(String, String)>, ImageError> {
    let Some(&directory) = optional.data_directories.get_export_table() else {
        return Ok(Vec::new());
    };
    if directory.size == 0 {
        return Ok(Vec::new());
    }
    let bad = |e: goblin::error::Error| ImageError::Malformed {
        table: "export table",
        rva: Rva(directory.virtual_address),
        reason: e.to_string(),
    };
    let mut offset = header.dos_header.pe_pointer as usize
        + goblin::pe::header::SIZEOF_PE_MAGIC
        + goblin::pe::header::SIZEOF_COFF_HEADER
        + header.coff_header.size_of_optional_header as usize;
    let sections = header
        .coff_header
        .sections(bytes, &mut offset)
        .map_err(bad)?;
    let alignment = optional.windows_fields.file_alignment;
    let data = ExportData::parse(bytes, directory, &sections, alignment).map_err(bad)?;
    let exports = Export::parse(bytes, &data, &sections, alignment).map_err(bad)?;
    let mut list: Vec<(String, String)> = exports
        .iter()
        .map(|e| {
            let name = e
                .name
                .map_or_else(|| format!("@{:#x}", e.rva), str::to_owned);
            let leads_to = match &e.reexport {
                Some(Reexport::DLLName { export, lib }) => format!("{lib}!{export}"),
                Some(Reexport::DLLOrdinal { ordinal, lib }) => format!("{lib}!#{ordinal}"),
                None => Rva(e.rva as u32).to_string(),
            };
            (name, leads_to)
        })
        .collect();
    list.sort();
    Ok(list)
}
