//! Compiles cases, and runs `hotpatch`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::case::Case;
use crate::here;

/// How functions are called and exceptions are thrown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abi {
    /// As MinGW does it; with its C runtime.
    Gnu,
    /// As Microsoft does it; without a C runtime.
    Msvc,
}

impl Abi {
    /// The ABI with this name.
    pub fn named(name: &str) -> Abi {
        match name {
            "gnu" => Abi::Gnu,
            "msvc" => Abi::Msvc,
            other => panic!("no ABI is called {other:?}"),
        }
    }
}

/// The programs that are needed, and where results go.
pub struct Tools {
    llvm: PathBuf,
    work: PathBuf,
    key: PathBuf,
    /// `hotpatch.exe`
    pub hotpatch: PathBuf,
    /// `tests/wine/run.sh`
    pub wine: PathBuf,
}

/// What `hotpatch build` said.
pub struct Verdict {
    /// Its exit code.
    pub exit: i32,
    /// Codes of its findings.
    pub codes: Vec<String>,
    /// Everything.
    pub text: String,
}

/// Functions of `kernel32` and of the C++ runtime that cases may use.
const LIBRARIES: [(&str, &[&str]); 3] = [
    (
        "kernel32",
        &[
            "AcquireSRWLockExclusive",
            "CloseHandle",
            "CreateThread",
            "ExitProcess",
            "GetCurrentProcessId",
            "GetCurrentThreadId",
            "GetProcessHeap",
            "GetStdHandle",
            "GetTickCount64",
            "HeapAlloc",
            "HeapFree",
            "RaiseException",
            "ReadFile",
            "ReleaseSRWLockExclusive",
            "RtlUnwind",
            "SetLastError",
            "GetLastError",
            "WaitForSingleObject",
            "WriteFile",
            "MulDiv",
            "lstrlenA",
        ],
    ),
    ("version", &["GetFileVersionInfoSizeA", "VerQueryValueA"]),
    (
        "vcruntime140",
        &[
            "__CxxFrameHandler3",
            "_CxxThrowException",
            "__C_specific_handler",
            "memcpy",
            "memset",
            "memcmp",
            "_purecall",
            "__std_terminate",
        ],
    ),
];

impl Tools {
    /// The tools, found once for all tests.
    pub fn get() -> &'static Tools {
        static TOOLS: OnceLock<Tools> = OnceLock::new();
        TOOLS.get_or_init(Tools::find)
    }

    /// Finds everything, and makes import libraries and a key.
    fn find() -> Tools {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let llvm = std::env::var_os("LLVM_BIN").map(PathBuf::from);
        let exe = std::env::var_os("HOTPATCH_EXE").expect("HOTPATCH_EXE names hotpatch.exe");
        let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("constructs");
        std::fs::create_dir_all(&work).expect("a folder for results");
        let tools = Tools {
            llvm: llvm.unwrap_or_else(|| PathBuf::from("/usr/lib/llvm-19/bin")),
            key: work.join("key.pem"),
            work,
            hotpatch: PathBuf::from(exe),
            wine: root.join("tests/wine/run.sh"),
        };
        for (library, functions) in LIBRARIES {
            let definition = tools.work.join(format!("{library}.def"));
            let text = format!("LIBRARY {library}.dll\nEXPORTS\n{}\n", functions.join("\n"));
            std::fs::write(&definition, text).expect("a definition");
            let mut command = Command::new(tools.llvm.join("llvm-dlltool"));
            command
                .args(["-m", "i386:x86-64", "-d"])
                .arg(definition)
                .arg("-l");
            command.arg(tools.work.join(format!("{library}.lib")));
            finish("llvm-dlltool", &mut command).expect("an import library");
        }
        if !tools.key.exists() {
            let mut command = Command::new(env!("CARGO_BIN_EXE_hotpatch"));
            finish("keygen", command.args(["keygen", "--out"]).arg(&tools.key)).expect("a key");
        }
        tools
    }

    /// Compiles and links a case, without its fix (0), with it (1) or with the next one (2).
    pub fn compile(&self, case: &Case, abi: Abi, fix: u32) -> Result<PathBuf, String> {
        let side = ["old", "new", "newer"][fix as usize];
        let folder = self.work.join(format!("{}-{abi:?}", case.name)).join(side);
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let image = folder.join("case.exe");
        let mut objects = Vec::new();
        for source in [&case.file, &here("harness.c")] {
            let object = folder
                .join(source.file_stem().unwrap_or_default())
                .with_extension("o");
            self.compile_one(case, abi, fix, source, &object)?;
            objects.push(object);
        }
        match abi {
            Abi::Gnu => {
                let cpp = case.file.extension().is_some_and(|e| e == "cpp");
                let driver = if cpp { "clang++" } else { "clang" };
                let mut command = Command::new(self.llvm.join(driver));
                command.args(["--target=x86_64-w64-windows-gnu", "-fuse-ld=lld", "-static"]);
                if let Some(gcc) = mingw_gcc() {
                    command.args([&format!("-L{gcc}"), "-pthread"]);
                }
                command.arg(format!(
                    "-Wl,--pdb={}",
                    image.with_extension("pdb").display()
                ));
                command
                    .arg("-Wl,--no-insert-timestamp")
                    .args(&objects)
                    .arg("-o")
                    .arg(&image);
                command.args(Case::options(&case.link, abi));
                finish("link", &mut command)?;
            }
            Abi::Msvc => {
                let mut command = Command::new(self.llvm.join("lld-link"));
                command.args(["/nologo", "/nodefaultlib", "/debug", "/Brepro"]);
                command.args(["/entry:entry", "/subsystem:console", "/opt:noref,noicf"]);
                command
                    .arg(format!("/out:{}", image.display()))
                    .args(&objects);
                let libraries = LIBRARIES.iter().map(|(name, _)| format!("{name}.lib"));
                command.args(libraries.map(|l| self.work.join(l)));
                command.args(Case::options(&case.link, abi));
                finish("link", &mut command)?;
            }
        }
        Ok(image)
    }

    fn compile_one(
        &self,
        case: &Case,
        abi: Abi,
        fix: u32,
        source: &Path,
        object: &Path,
    ) -> Result<(), String> {
        let cpp = source.extension().is_some_and(|e| e == "cpp");
        let mut command = Command::new(self.llvm.join(if cpp { "clang++" } else { "clang" }));
        command.args(match abi {
            Abi::Gnu => ["--target=x86_64-w64-windows-gnu", "-g"].as_slice(),
            Abi::Msvc => &[
                "--target=x86_64-pc-windows-msvc",
                "-g",
                "-DMSVC_ABI",
                "-fms-extensions",
                "-fno-threadsafe-statics",
                "-fms-hotpatch",
                "-mno-stack-arg-probe",
            ],
        });
        if cpp {
            command.args(["-std=c++20", "-fexceptions", "-fcxx-exceptions"]);
        }
        if let (true, Abi::Gnu, Some(gcc)) = (cpp, abi, mingw_gcc()) {
            command.arg("-nostdinc++");
            for folder in ["", "/x86_64-w64-mingw32", "/backward"] {
                command
                    .arg("-isystem")
                    .arg(format!("{gcc}/include/c++{folder}"));
            }
        }
        command.args(["-gcodeview", "-O2", "-fno-ident", "-Wall", "-Werror", "-c"]);
        command.args(Case::options(&case.flags, abi));
        command.arg(format!("-DFIX={fix}")).arg("-I").arg(here(""));
        command.arg("-I").arg(here("../../examples"));
        command.arg(source).arg("-o").arg(object);
        finish("compile", &mut command).map(drop)
    }

    /// Builds the package of the fix with this number.
    pub fn build(
        &self,
        case: &Case,
        (old, new): (&Path, &Path),
        fix: u32,
        to: &Path,
    ) -> Result<Verdict, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hotpatch"));
        command
            .arg("build")
            .arg(old)
            .arg(new)
            .arg("-o")
            .arg(to)
            .arg("--key")
            .arg(&self.key);
        command.args(["--id", ["case", "case-2"][fix as usize - 1]]);
        command.args(["--sequence", &fix.to_string(), "--format", "json"]);
        for code in &case.accept {
            command.args(["--accept", code]);
        }
        let output = command.output().map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let report: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        let findings = report["verdict"]["findings"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let code = |f: &serde_json::Value| f["code"].as_str().map(str::to_owned);
        Ok(Verdict {
            exit: output.status.code().unwrap_or(-1),
            codes: findings.iter().filter_map(code).collect(),
            text,
        })
    }

    /// `check`, `apply`, `rollback` or `revert`; exit code and output.
    pub fn operate(
        &self,
        command: &str,
        pid: u32,
        package: Option<&Path>,
    ) -> Result<(i32, String), String> {
        let mut wine = Command::new(&self.wine);
        wine.arg(&self.hotpatch)
            .arg(command)
            .args(["--pid", &pid.to_string()]);
        if let Some(package) = package {
            wine.arg(package).arg("--key").arg(&self.key);
        }
        let output = wine.output().map_err(|e| e.to_string())?;
        Ok((output.status.code().unwrap_or(-1), everything(&output)))
    }

    /// The key that packages are signed with.
    pub fn key(&self) -> &Path {
        &self.key
    }
}

fn everything(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|b| String::from_utf8_lossy(b).into_owned());
    text.concat()
}

fn finish(what: &str, command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|e| format!("{what}: {e}"))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(format!("{what}: {}", everything(&output))),
    }
}

/// The folder of mingw's C++ library: of two variants clang alone takes either.
fn mingw_gcc() -> Option<String> {
    std::env::var("HOTPATCH_MINGW_GCC").ok()
}
