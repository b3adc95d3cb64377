//! A look at one of many processes that can't hold up the look at the others.
//!
//! What is asked of a process can take for ever: where it ends at that very moment, a call about
//! its memory was seen not to come back (Wine 8). So each is asked in a thread of its own, and
//! left behind when it takes too long.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// How long a look may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Does something in a thread of its own; `None` where it takes longer than ten seconds.
pub fn in_time<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    within(LIMIT, look)
}

fn within<T: Send + 'static>(
    limit: Duration,
    look: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        // Nobody waits for it any more where it comes late.
        let _ = sender.send(look());
    });
    receiver.recv_timeout(limit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_comes_back_is_left_behind() {
        assert_eq!(in_time(|| 7), Some(7));
        let (_open, never) = channel::<()>();
        let late = within(Duration::from_millis(20), move || never.recv().is_err());
        assert_eq!(late, None);
    }
}
