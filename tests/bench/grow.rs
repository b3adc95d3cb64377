//! Programs of any number of functions, to see how the time grows.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Functions in one file.
const PER_FILE: usize = 1000;

/// Builds a program of so many functions twice, the second time with one of them edited; the
/// images. What is there already is taken.
pub fn pair(folder: &Path, functions: usize) -> Result<[PathBuf; 2], String> {
    let build = |side: &str, edited: bool| {
        let folder = folder.join(format!("{functions}")).join(side);
        let image = folder.join("grown.exe");
        if !image.is_file() {
            std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
            build(&folder, functions, edited)?;
        }
        Ok::<_, String>(image)
    };
    Ok([build("old", false)?, build("new", true)?])
}

fn build(folder: &Path, functions: usize, edited: bool) -> Result<(), String> {
    let llvm = std::env::var("LLVM_BIN").unwrap_or_else(|_| "/usr/lib/llvm-19/bin".into());
    let files = functions.div_ceil(PER_FILE);
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let compile = || {
        loop {
            let file = next.fetch_add(1, Ordering::Relaxed);
            if file >= files {
                return;
            }
            let name = format!("f{file}");
            let source = source(file, files, edited && file == files / 2);
            let written = std::fs::write(folder.join(format!("{name}.c")), source);
            let clang = Command::new(format!("{llvm}/clang"))
                .current_dir(folder)
                .args(["--target=x86_64-pc-windows-msvc", "-O1", "-g", "-gcodeview"])
                .args(["-c", &format!("{name}.c"), "-o", &format!("{name}.obj")])
                .status();
            if written.is_err() || !clang.is_ok_and(|s| s.success()) {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(compile);
        }
    });
    if failed.into_inner() > 0 {
        return Err(format!("clang failed in {}", folder.display()));
    }
    let objects = (0..files).map(|file| format!("f{file}.obj\n"));
    std::fs::write(folder.join("objects"), objects.collect::<String>())
        .map_err(|e| e.to_string())?;
    let link = Command::new(format!("{llvm}/lld-link"))
        .current_dir(folder)
        .args([
            "/nologo",
            "/nodefaultlib",
            "/entry:start",
            "/subsystem:console",
            "/debug",
            "/opt:noref",
        ])
        .args(["/out:grown.exe", "@objects"])
        .status();
    match link {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("lld-link: {other:?} in {}", folder.display())),
    }
}

/// One file: functions of a few shapes, that call each other and use variables, constants,
/// texts and switches.
fn source(file: usize, files: usize, edited: bool) -> String {
    let mut text = "int _fltused;\n".repeat(usize::from(file == 0));
    let (own, other) = (file, (file + 1) % files);
    let _ = writeln!(
        text,
        "int g{own}_0(int, int);\nextern int v{other};\nint v{own} = {own};"
    );
    let _ = writeln!(text, "static const int t{own}[] = {{ 1, {own}, 3, 5 }};");
    for i in 0..PER_FILE {
        let to = (i * 7 + 3) % PER_FILE;
        let add = i + usize::from(edited && i == PER_FILE / 2);
        let _ = writeln!(
            text,
            "int g{own}_{to}(int, int);\nint g{own}_{i}(int a, int b) {{"
        );
        let _ = match i % 4 {
            0 => writeln!(
                text,
                "  return a < {i} ? a * {add} + v{other} : g{own}_{to}(b, a - 1);"
            ),
            1 => writeln!(text, "  v{own} += t{own}[a & 3]; return b ^ {add};"),
            2 => writeln!(
                text,
                "  switch (a & 7) {{ case 0: return b; case 1: return {add}; case 2: return b * 3; \
                 case 3: return v{own}; case 5: return g{own}_{to}(b, 1); default: return a; }}"
            ),
            _ => writeln!(
                text,
                "  const char *s = b ? \"text {own} {i}\" : \"other {i}\"; int n = {add};\n  \
                 while (s[n & 3] && a-- > 0) n += s[a & 3]; return n;"
            ),
        };
        text.push_str("}\n");
    }
    if file == 0 {
        text.push_str("int start(void) { return g0_1(1, 2); }\n");
    }
    text
}
