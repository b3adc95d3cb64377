//! The program itself.

use goblin::pe::PE;

/// Libraries that Windows takes from `System32` whatever lies beside the program: those of
/// `KnownDLLs`, and the names that stand for parts of them.
const SAFE: [&str; 8] = [
    "advapi32.dll",
    "bcryptprimitives.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "ucrtbase.dll",
    "ws2_32.dll",
    "api-ms-win-",
];

#[test]
fn it_imports_nothing_that_could_be_planted_beside_it() {
    let bytes = std::fs::read(env!("CARGO_BIN_EXE_hotpatch")).unwrap();
    let image = PE::parse(&bytes).unwrap();
    let mut others: Vec<String> = image
        .libraries
        .iter()
        .map(|name| name.to_lowercase())
        .filter(|name| !SAFE.iter().any(|safe| name.starts_with(safe)))
        .collect();
    others.sort();
    others.dedup();
    // The README tells about this one: it comes with the standard library. MSVC builds are
    // linked so that they take it, and their run-time library, from System32.
    others.retain(|name| name != "userenv.dll" && !name.starts_with("vcruntime140"));
    assert_eq!(others, [""; 0]);
}
