//! Who runs this program, and where.

use super::record::{Place, Who, cut};

/// The account and the computer. What the system doesn't tell is left empty.
pub fn current() -> (Who, Place) {
    let place = Place {
        host: cut(&computer()),
        pid: std::process::id(),
    };
    let mut who = who();
    who.user = cut(&who.user);
    (who, place)
}

#[cfg(windows)]
fn who() -> Who {
    use crate::process::user;
    let account = user::account();
    Who {
        user: account.name,
        id: account.sid,
        elevated: user::is_elevated(),
    }
}

/// The full name of this computer.
#[cfg(windows)]
pub fn computer() -> String {
    crate::process::user::computer()
}

/// From the files of the system, and not from the environment, which the user sets.
#[cfg(unix)]
fn who() -> Who {
    use std::os::unix::fs::MetadataExt;
    let Ok(uid) = std::fs::metadata("/proc/self").map(|m| m.uid()) else {
        return Who::default();
    };
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let id = uid.to_string();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then_some(name)
    });
    Who {
        user: name.unwrap_or_default().to_owned(),
        id,
        elevated: uid == 0,
    }
}

/// The name of this computer.
#[cfg(unix)]
pub fn computer() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim_end().to_owned()
}
