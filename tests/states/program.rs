//! The running program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::running::Running;

/// `states.exe`; ended when dropped.
pub struct Program {
    running: Running,
    folder: PathBuf,
}

/// What it says of itself.
#[derive(Debug)]
pub struct Said {
    /// The version of each function that runs.
    pub versions: BTreeMap<String, u32>,
    /// Answers that no version gives.
    pub wrong: u64,
    /// How often its threads have called everything.
    pub calls: u64,
}

impl Program {
    /// Starts that of a folder which build.sh has filled.
    pub fn start(folder: &Path) -> Program {
        let own = folder.join("0");
        let mut running = Running::start(&own.join("states.exe"), &[], &own);
        assert_eq!(running.line(), "ready");
        Program {
            running,
            folder: own,
        }
    }

    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    fn tell(&mut self, command: &str) -> String {
        self.running.send(format!("{command}\n").as_bytes());
        self.running.line()
    }

    /// Tells it something that has one good answer.
    pub fn must(&mut self, command: &str, answer: &str) -> Result<(), String> {
        match self.tell(command) {
            said if said == answer => Ok(()),
            said => Err(format!("the program says {said:?} to {command:?}")),
        }
    }

    /// Lets it load the library, with this word.
    pub fn load(&mut self, word: &str) -> Result<(), String> {
        let path = self.folder.join("plug.dll");
        let at = self.tell(&format!("{word} {}", path.display()));
        match at.trim_start_matches('0') {
            "" => Err("the library was not loaded".to_owned()),
            _ => Ok(()),
        }
    }

    /// Asks which version of each function runs.
    pub fn ask(&mut self) -> Result<Said, String> {
        let line = self.tell("ask");
        let mut fields = BTreeMap::new();
        for field in line.split_whitespace() {
            let number = field.split_once('=').and_then(|(name, number)| {
                let number: u64 = number.parse().ok()?;
                Some((name.to_owned(), number))
            });
            let (name, number) = number.ok_or_else(|| format!("the program says {line:?}"))?;
            fields.insert(name, number);
        }
        let mut take = |name: &str| fields.remove(name).ok_or_else(|| format!("no {name}"));
        let (wrong, calls) = (take("wrong")?, take("calls")?);
        let versions = fields.into_iter().map(|(f, v)| (f, v as u32)).collect();
        Ok(Said {
            versions,
            wrong,
            calls,
        })
    }
}
