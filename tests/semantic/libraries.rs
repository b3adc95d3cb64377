//! What programs are linked with: import libraries, and what throwing needs at run time.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::config::Abi;
use crate::workshop::{check, tool};

/// Functions of `kernel32` that programs use.
const KERNEL32: &str = "ExitProcess GetCurrentProcessId GetStdHandle RaiseException ReadFile \
    WriteFile";

/// What compilers of the MSVC ABI call where something may be thrown.
const VCRUNTIME: &str = "__C_specific_handler __CxxFrameHandler3 __RTDynamicCast \
    __std_terminate _CxxThrowException _purecall";

/// Those of mingw in which the GNU ABI has what throwing needs.
const MINGW: &str = "-lsupc++ -lgcc_eh -lgcc -lmingw32 -lmingwex -lmsvcrt -lpthread -lkernel32 \
    -lgcc -lmsvcrt -lkernel32";

/// The linker's arguments.
pub fn needed(abi: Abi, exceptions: bool) -> Result<Vec<String>, String> {
    let path = |p: PathBuf| p.to_string_lossy().into_owned();
    let mut found = vec![path(import("kernel32", KERNEL32)?)];
    match abi {
        _ if !exceptions => {}
        Abi::Msvc => found.push(path(import("vcruntime140", VCRUNTIME)?)),
        Abi::Gnu => {
            found.push("-static".into());
            for known in ["libsupc++.a", "libmsvcrt.a"] {
                found.push(format!("-L{}", path(folder_of(known)?)));
            }
            found.extend(MINGW.split_whitespace().map(str::to_owned));
        }
    }
    Ok(found)
}

/// The folder in which mingw's compiler has a library.
fn folder_of(library: &str) -> Result<PathBuf, String> {
    let missing = |why: String| format!("{library}: {why} (package g++-mingw-w64-x86-64-posix)");
    let output = Command::new("x86_64-w64-mingw32-g++-posix")
        .arg(format!("-print-file-name={library}"))
        .output()
        .map_err(|e| missing(e.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let folder = Path::new(text.trim()).parent();
    let folder = folder.filter(|f| f.is_absolute());
    folder
        .map(Path::to_owned)
        .ok_or_else(|| missing("it has none".into()))
}

/// An import library, made once.
fn import(dll: &str, functions: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("semantic");
    let names = functions.split_whitespace().collect::<Vec<_>>().join("\n");
    let text = format!("LIBRARY {dll}.dll\nEXPORTS\n{names}\n");
    // Another list is another library.
    let name = format!("{dll}-{}", hex::encode(&Sha256::digest(&text)[..4]));
    let library = folder.join(format!("{name}.lib"));
    if !library.exists() {
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let own = folder.join(format!("{name}-{:?}.lib", std::thread::current().id()));
        let definition = own.with_extension("def");
        std::fs::write(&definition, text).map_err(|e| e.to_string())?;
        let mut tool = Command::new(tool("llvm-dlltool"));
        tool.args(["-m", "i386:x86-64", "-d"])
            .arg(definition)
            .arg("-l")
            .arg(&own);
        check(&mut tool, "llvm-dlltool")?;
        std::fs::rename(own, &library).map_err(|e| e.to_string())?;
    }
    Ok(library)
}
