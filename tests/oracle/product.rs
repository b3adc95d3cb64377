//! What `hotpatch diff` says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::names::is_compiler_made;

/// Its answer about functions, or about data: addresses, with names for the reader.
#[derive(Debug, Default)]
pub struct Changes {
    /// Old and new address.
    pub changed: BTreeMap<(u32, u32), String>,
    pub added: BTreeMap<u32, String>,
    pub removed: BTreeMap<u32, String>,
}

/// Its whole answer.
#[derive(Debug, Default)]
pub struct Answer {
    pub functions: Changes,
    pub data: Changes,
    pub status: String,
    /// Codes of its findings.
    pub findings: Vec<String>,
}

/// Runs the program over two images.
pub fn diff(old: &Path, new: &Path) -> Result<Answer, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_hotpatch"))
        .args(["diff", "--format", "json"])
        .args([old, new])
        .output()
        .map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text).map_err(|e| {
        format!(
            "no report ({e}): {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    if !matches!(output.status.code(), Some(0 | 3 | 4)) || report["schema"] != "hotpatch.diff/1" {
        return Err(format!("{}: {text}", output.status));
    }
    let findings = report["verdict"]["findings"].as_array();
    Ok(Answer {
        functions: changes(&report["functions"]),
        data: changes(&report["data"]),
        status: report["verdict"]["status"]
            .as_str()
            .unwrap_or("")
            .to_owned(),
        findings: findings
            .into_iter()
            .flatten()
            .map(|f| text_of(&f["code"]))
            .collect(),
    })
}

fn changes(list: &Value) -> Changes {
    // Strings and constants that the compiler named after their content are no data that
    // can change: they come and go.
    let each = |key: &str| -> Vec<Value> {
        let all = list[key].as_array().into_iter().flatten();
        all.filter(|c| !is_compiler_made(c["name"].as_str().unwrap_or("")))
            .cloned()
            .collect()
    };
    // What is recognised as noise was found: it is only not part of a patch.
    let changed = each("changed").into_iter().chain(each("noise"));
    Changes {
        changed: changed
            .map(|c| {
                let addresses = (address(&c["old_rva"]), address(&c["new_rva"]));
                let why = c.get("reason").or(c.get("change"));
                (
                    addresses,
                    format!(
                        "{} ({})",
                        text_of(&c["name"]),
                        text_of(why.unwrap_or(&Value::Null))
                    ),
                )
            })
            .collect(),
        added: each("added")
            .iter()
            .map(|c| (address(&c["rva"]), text_of(&c["name"])))
            .collect(),
        removed: each("removed")
            .iter()
            .map(|c| (address(&c["rva"]), text_of(&c["name"])))
            .collect(),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

fn address(value: &Value) -> u32 {
    let digits = value.as_str().and_then(|t| t.strip_prefix("0x"));
    digits
        .and_then(|d| u32::from_str_radix(d, 16).ok())
        .expect("an address in hex")
}
