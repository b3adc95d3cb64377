//! The scheduled task that runs `hotpatch sync` from the start of the machine on: without it,
//! nothing is patched after a restart.
//!
//! Task Scheduler starts it as the system, whoever is logged on, and again within five minutes where
//! it has ended: it is asked to each time, and ignores that while it runs.
//! Specification of the text: "Task Scheduler Schema", [MS-TSCH] section 2.5.

use askama::Template;

/// Name of the task, below the root folder of Task Scheduler.
pub const NAME: &str = r"hotpatch\sync";

/// The task.
#[derive(Template)]
#[template(config = "src/ops/startup/askama.toml", path = "task.xml")]
pub struct Task {
    /// The program.
    program: String,
    /// Its arguments, as a command line has them.
    arguments: String,
}

impl Task {
    /// The task that runs this program with these arguments.
    pub fn new(program: &str, arguments: &[String]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|a| quoted(a)).collect();
        Task {
            program: program.to_owned(),
            arguments: arguments.join(" "),
        }
    }

    /// What is run, as one would type it.
    pub fn command_line(&self) -> String {
        format!("{} {}", quoted(&self.program), self.arguments)
    }

    /// The text that Task Scheduler reads, in UTF-16 with a mark of the byte order.
    ///
    /// # Errors
    /// Where the template can't be rendered.
    pub fn xml(&self) -> Result<Vec<u8>, askama::Error> {
        let text = self.render()?.replace('\n', "\r\n");
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        Ok(units.flat_map(u16::to_le_bytes).collect())
    }
}

/// An argument as `CommandLineToArgvW` reads it back.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && c != '"';
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    let mut text = String::from('"');
    let mut backslashes = 0;
    for c in argument.chars() {
        match c {
            '\\' => backslashes += 1,
            // In front of a quotation mark two stand for one.
            '"' => text.push_str(&"\\".repeat(std::mem::take(&mut backslashes) * 2 + 1)),
            _ => text.push_str(&"\\".repeat(std::mem::take(&mut backslashes))),
        }
        if c != '\\' {
            text.push(c);
        }
    }
    text.push_str(&"\\".repeat(backslashes * 2));
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_back_as_they_were() {
        for (argument, written) in [
            ("--every", "--every"),
            (r"\\files\patches", r"\\files\patches"),
            (r"C:\my patches", r#""C:\my patches""#),
            (r"C:\my patches\", r#""C:\my patches\\""#),
            (r#"a\"b"#, r#""a\\\"b""#),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(argument), written);
        }
    }

    #[test]
    fn a_path_is_text_to_task_scheduler() {
        let task = Task::new(
            r"C:\R&D <1>\hotpatch.exe",
            &["sync".to_owned(), r"C:\a b".to_owned()],
        );
        assert_eq!(
            task.command_line(),
            r#""C:\R&D <1>\hotpatch.exe" sync "C:\a b""#
        );
        let bytes = task.xml().unwrap();
        let units = bytes.chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
        let text = String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
        let text = text.strip_prefix("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n");
        let text = text.unwrap();
        assert!(
            text.contains(r"<Command>C:\R&#38;D &#60;1&#62;\hotpatch.exe</Command>"),
            "{text}"
        );
        assert!(
            text.contains(r"<Arguments>sync &#34;C:\a b&#34;</Arguments>"),
            "{text}"
        );
    }
}
