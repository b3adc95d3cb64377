//! Places where a test can kill the patcher, or let it hang.
//!
//! Only in builds with debug assertions: `HOTPATCH_FAULT=name` ends this process at the
//! point of that name, as abruptly as a power cut would; `HOTPATCH_FAULT=name:2` does so when
//! the point is passed for the second time. `HOTPATCH_FAULT=hang@name` stays there for ever, as
//! a call of the system may. `HOTPATCH_FAULT=?` prints the points that are
//! passed, and kills nobody.

/// Environment variable that names the point.
pub const VARIABLE: &str = "HOTPATCH_FAULT";

/// Environment variable that names the point at which the watchdog is killed.
pub const WATCHDOG_VARIABLE: &str = "HOTPATCH_WATCHDOG_FAULT";

/// Ends this process, or its progress, if the test asked for it.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    struct Wanted {
        point: String,
        time: u32,
        hangs: bool,
    }
    static WANTED: OnceLock<Option<Wanted>> = OnceLock::new();
    static PASSED: AtomicU32 = AtomicU32::new(1);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var(VARIABLE).ok()?;
        let place = text.strip_prefix("hang@");
        let (point, time) = match place.unwrap_or(&text).split_once(':') {
            Some((name, time)) => (name, time.parse().ok()?),
            None => (place.unwrap_or(&text), 1),
        };
        Some(Wanted {
            point: point.to_owned(),
            time,
            hangs: place.is_some(),
        })
    });
    let Some(Wanted { point, time, hangs }) = wanted else {
        return;
    };
    if point == "?" {
        eprintln!("fault point {name}");
    }
    if point == name && PASSED.fetch_add(1, Ordering::Relaxed) == *time {
        if *hangs {
            loop {
                std::thread::park();
            }
        }
        crate::process::die();
    }
}

/// Does nothing: this is a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn point(_name: &str) {}
