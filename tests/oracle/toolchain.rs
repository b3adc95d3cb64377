//! Runs the compiler and the linker.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Which ABI and which linker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abi {
    Gnu,
    Msvc,
}

/// Where the tools are: `$LLVM_BIN`, or Debian's folder for version 19.
pub fn tools() -> &'static Path {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let chosen = std::env::var_os("LLVM_BIN").map(PathBuf::from);
        let folder = chosen.unwrap_or_else(|| "/usr/lib/llvm-19/bin".into());
        for tool in ["clang", "ld.lld", "lld-link", "llvm-dlltool"] {
            assert!(
                folder.join(tool).exists(),
                "the oracle needs clang-19, lld-19 and llvm-19 (Debian packages of these \
                 names): there is no {tool} in {}; LLVM_BIN names another folder",
                folder.display()
            );
        }
        folder
    })
}

/// Runs a tool in a folder; what it complains about is the error.
pub fn run(folder: &Path, tool: &str, arguments: &[String]) -> Result<(), String> {
    let output = Command::new(tools().join(tool))
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .output()
        .map_err(|e| format!("{tool}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{tool} {} (in {}): {}\n{}{}",
        arguments.join(" "),
        folder.display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|s| (*s).to_owned()).collect()
}

/// Compiles `source` in `folder` to `object`. Every label stays in the object's symbol
/// table (`-L`): it tells the oracle where each constant ends, and the linker does not
/// pass it on.
pub fn compile(
    folder: &Path,
    abi: Abi,
    source: &str,
    object: &str,
    options: &[String],
) -> Result<(), String> {
    let target = match abi {
        Abi::Gnu => "--target=x86_64-w64-windows-gnu",
        Abi::Msvc => "--target=x86_64-pc-windows-msvc",
    };
    let mut arguments = strings(&[
        target,
        "-c",
        source,
        "-o",
        object,
        "-Wa,-L",
        "-w",
        "-ffreestanding",
        "-ffunction-sections",
        "-fdata-sections",
        "-fno-ident",
        "-mno-stack-arg-probe",
        "-fno-threadsafe-statics",
        // Freestanding code has none by default.
        "-fasynchronous-unwind-tables",
        "-ffile-compilation-dir=/src",
    ]);
    arguments.extend_from_slice(options);
    run(folder, "clang", &arguments)
}

/// What differs between two links of the same objects.
#[derive(Clone, Debug, Default)]
pub struct LinkOptions {
    pub reversed: bool,
    pub base: Option<u64>,
    pub file_alignment: Option<u32>,
    pub function_padding: Option<u32>,
    /// Folds identical functions.
    pub fold: bool,
    pub section_alignment: Option<u32>,
    /// Loads the imports when they are first called.
    pub delayed: bool,
    /// Adds the table of functions that may be called indirectly, where there are any.
    pub guarded: bool,
    /// Functions that come first, in this order.
    pub order: Vec<String>,
}

/// Links objects to `image` in `folder`, with its PDB and its map.
pub fn link(
    folder: &Path,
    abi: Abi,
    image: &str,
    objects: &[PathBuf],
    options: &LinkOptions,
) -> Result<(), String> {
    let stem = image.trim_end_matches(".exe");
    let mut list: Vec<String> = objects.iter().map(|o| o.display().to_string()).collect();
    if options.reversed {
        list.reverse();
    }
    let mut common = vec![
        format!("pdbaltpath:{stem}.pdb"),
        "pdbsourcepath:/src".into(),
    ];
    common.extend(options.file_alignment.map(|n| format!("filealign:{n}")));
    common.extend(
        options
            .function_padding
            .map(|n| format!("functionpadmin:{n}")),
    );
    common.extend(options.section_alignment.map(|n| format!("align:{n}")));
    if options.delayed {
        common.push("delayload:kernel32.dll".into());
    }
    if !options.order.is_empty() {
        let order = options.order.join("\n");
        std::fs::write(folder.join("order.txt"), order).map_err(|e| e.to_string())?;
        common.push("order:@order.txt".into());
    }
    common.push(format!(
        "opt:noref,{}",
        if options.fold { "icf" } else { "noicf" }
    ));
    match abi {
        Abi::Gnu => {
            let mut arguments = strings(&[
                "-m",
                "i386pep",
                "--entry=start",
                "--subsystem=console",
                "--dynamicbase",
                "--no-insert-timestamp",
                "--no-demangle",
                "--high-entropy-va",
            ]);
            arguments.extend([format!("--pdb={stem}.pdb"), format!("-Map={stem}.map")]);
            arguments.extend(options.base.map(|b| format!("--image-base={b:#x}")));
            arguments.extend(common.iter().map(|o| format!("-Xlink=-{o}")));
            arguments.extend(["-o".into(), image.into()]);
            arguments.extend(list);
            run(folder, "ld.lld", &arguments)
        }
        Abi::Msvc => {
            let mut arguments = strings(&[
                "/nologo",
                "/nodefaultlib",
                "/debug",
                "/timestamp:0",
                "/incremental:no",
                "/entry:start",
                "/subsystem:console",
                "/demangle:no",
            ]);
            arguments.extend([format!("/pdb:{stem}.pdb"), format!("/lldmap:{stem}.map")]);
            arguments.extend([format!("/out:{image}")]);
            arguments.extend(options.base.map(|b| format!("/base:{b:#x}")));
            arguments.extend(options.guarded.then(|| "/guard:cf,longjmp".into()));
            arguments.extend(common.iter().map(|o| format!("/{o}")));
            arguments.extend(list);
            run(folder, "lld-link", &arguments)
        }
    }
}
