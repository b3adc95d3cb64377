//! Compiles and links the program.

#[path = "../oracle/toolchain.rs"]
#[allow(dead_code, reason = "the oracle uses the rest")]
mod toolchain;

use std::path::{Path, PathBuf};

use toolchain::run;

/// One way to build it.
#[derive(Clone, Copy)]
pub struct Variant {
    pub name: &'static str,
    /// Options of the compiler.
    pub compile: &'static [&'static str],
    /// Options of the linker.
    pub link: &'static [&'static str],
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

impl Variant {
    /// Makes sure that the options did what they are for.
    pub fn assert_effect(&self, image: &Path) {
        let pdb = std::fs::read(image.with_extension("pdb")).unwrap();
        let image = std::fs::read(image).unwrap();
        let has = |text: &str| pdb.windows(text.len()).any(|w| w == text.as_bytes());
        let optional = word(&image, 0x3c) as usize + 24;
        let directory = |n: usize| word(&image, optional + 112 + 8 * n);
        assert_ne!(directory(9), 0, "{}: thread-local variables", self.name);
        assert!(
            has("?get@Derived@@$4PPPPPPPM@A@EAAHH@Z"),
            "a vtordisp thunk"
        );
        for option in self.link.iter().chain(self.compile) {
            let effect = match *option {
                "/delayload:kernel32.dll" => directory(13) != 0,
                "/guard:cf" | "/guard:cf,longjmp,ehcont" => {
                    word(&image, optional + 70) & 0x4000 != 0 && directory(10) != 0
                }
                "/align:8192" => word(&image, optional + 32) == 8192,
                "/dll" => directory(0) != 0,
                "-flto=thin" | "-flto" => has("lto"),
                pages if pages.starts_with("/pdbpagesize:") => {
                    word(&pdb, 32).to_string() == pages["/pdbpagesize:".len()..]
                }
                _ => true,
            };
            assert!(effect, "{}: {option} did nothing", self.name);
        }
    }
}

/// A folder for the builds of one variant, which goes away with it.
pub struct Workshop(tempfile::TempDir);

impl Workshop {
    pub fn new() -> Self {
        toolchain::tools();
        Workshop(tempfile::tempdir().unwrap())
    }

    /// Builds the program in a folder of its own; `moved` puts everything elsewhere.
    pub fn build(&self, variant: &Variant, folder: &str, defines: &[&str], moved: bool) -> PathBuf {
        let folder = self.0.path().join(folder);
        std::fs::create_dir(&folder).unwrap();
        let compile = |source: &str, object: &str, options: &[&str]| {
            let source = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/variants")
                .join(source);
            let mut arguments: Vec<String> =
                ["--target=x86_64-pc-windows-msvc", "-c", "-o", object]
                    .map(str::to_owned)
                    .to_vec();
            arguments.push(source.display().to_string());
            arguments.extend(options.iter().map(|o| (*o).to_owned()));
            run(&folder, "clang", &arguments).unwrap();
        };
        let common = [
            "-O2",
            "-g",
            "-gcodeview",
            "-ffreestanding",
            "-ffunction-sections",
            "-fno-ident",
            "-w",
            "-mno-stack-arg-probe",
            "-ffile-compilation-dir=/src",
        ];
        let assembler: Vec<&str> = defines
            .iter()
            .copied()
            .filter(|d| d.starts_with("-Wa"))
            .collect();
        let defines: Vec<&str> = defines
            .iter()
            .copied()
            .filter(|d| d.starts_with("-D"))
            .collect();
        let cpp = [
            "-std=c++17",
            "-fno-rtti",
            "-fno-threadsafe-statics",
            "-fno-exceptions",
        ];
        let program = [&common[..], &cpp, variant.compile, &defines].concat();
        compile("program.cpp", "program.obj", &program);
        compile("support.c", "support.obj", &common);
        compile("support.s", "thunks.obj", &assembler);
        std::fs::write(
            folder.join("kernel32.def"),
            "LIBRARY kernel32.dll\nEXPORTS\nGetTickCount\nGetCurrentProcessId\n",
        )
        .unwrap();
        let library = [
            "-m",
            "i386:x86-64",
            "-d",
            "kernel32.def",
            "-l",
            "kernel32.lib",
        ];
        run(&folder, "llvm-dlltool", &library.map(str::to_owned)).unwrap();
        let image = folder.join("program.exe");
        let mut objects = ["program.obj", "support.obj", "thunks.obj", "kernel32.lib"];
        let mut arguments: Vec<&str> = vec![
            "/nologo",
            "/nodefaultlib",
            "/debug",
            "/timestamp:0",
            "/incremental:no",
            "/entry:start",
            "/subsystem:console",
            "/out:program.exe",
            "/pdb:program.pdb",
        ];
        arguments.extend(variant.link);
        if moved {
            objects.reverse();
            std::fs::write(
                folder.join("order.txt"),
                "local_target\ndispatch\nname_of\nstart\n",
            )
            .unwrap();
            arguments.extend(["/base:0x150000000", "/filealign:4096", "/order:@order.txt"]);
            let padded = |o: &&str| o.starts_with("/functionpadmin");
            if !variant.link.iter().any(padded) {
                arguments.push("/functionpadmin:32");
            }
        }
        arguments.extend(objects);
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        run(&folder, "lld-link", &arguments).unwrap();
        image
    }
}
