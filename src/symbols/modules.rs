//! Object files and the names they are known by.

use super::Compiler;

/// One object file that was linked into the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// Path of the object file, or member name where it came from a library.
    pub name: String,
    /// Path of the library, or of the object file again.
    pub library: String,
    /// What compiled it, where it says so.
    pub compiler: Option<Compiler>,
    /// Whether its symbols name a variable or a type. Those of an object file that was compiled
    /// for line numbers alone don't.
    pub names_types: bool,
}

impl Module {
    /// Short name that does not depend on where the build ran.
    pub fn object_name(&self) -> String {
        object_name(&self.name)
    }
}

impl Module {
    /// Whether the linker had its code generated, so that any code may be inlined into any
    /// other, and conventions may be chosen freely.
    pub fn is_generated_late(&self) -> bool {
        self.compiler.as_ref().is_some_and(Compiler::generates_late)
            || self.name.ends_with(".lto.o")
            || self.name.ends_with("lto.tmp")
            || self.name.starts_with("* CIL")
    }

    /// The object's file with its folder, or with the library that it is in: enough to tell
    /// namesakes apart in a message.
    pub fn short_path(&self) -> String {
        let parts = |path: &str| -> Vec<String> {
            let parts = path.split(['/', '\\']).filter(|p| !p.is_empty());
            parts.map(str::to_owned).collect()
        };
        let mut path = match self.library == self.name {
            true => Vec::new(),
            false => parts(&self.library).pop().into_iter().collect(),
        };
        let own = parts(&self.name);
        path.extend(own.iter().skip(own.len().saturating_sub(2)).cloned());
        path.join("/")
    }
}

/// The file name of an object without its folder, and without the random part that
/// compiler drivers give to temporary objects (`server-1f0a3c.o` → `server.o`).
pub fn object_name(path: &str) -> String {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let Some((stem, extension)) = file.rsplit_once('.') else {
        return file.to_owned();
    };
    match stem.rsplit_once('-') {
        Some((base, random)) if is_temporary_suffix(random) && !base.is_empty() => {
            format!("{base}.{extension}")
        }
        _ => file.to_owned(),
    }
}

/// Clang's `createTemporaryFile("%s-%%%%%%")`: six lower-case hex digits.
fn is_temporary_suffix(text: &str) -> bool {
    text.len() == 6
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_names_do_not_depend_on_the_build_folder() {
        assert_eq!(object_name(r"C:\build\1\server.obj"), "server.obj");
        assert_eq!(object_name("/tmp/server-1f0a3c.o"), "server.o");
        assert_eq!(object_name("a/b-utils.o"), "b-utils.o");
        assert_eq!(object_name("* Linker *"), "* Linker *");
    }
}
