//! Clients that ask all the time, and check every byte of every reply.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::replies::{VERSIONS, version_of};
use crate::server::Connection;

/// Time between two requests of a client, in milliseconds.
const PAUSE: &str = "HOTPATCH_STORM_PAUSE";

/// What clients and patcher share.
#[derive(Default)]
pub struct Watch {
    /// Bit set of the versions that may reply now, above a number that counts up.
    allowed: AtomicU64,
    /// Replies of each version.
    pub replies: [AtomicU64; VERSIONS],
    /// Requests during which nothing was being switched.
    pub settled: AtomicU64,
    /// The longest wait for a reply, in microseconds.
    pub longest: AtomicU64,
    /// Read by a client for the time of a request.
    asking: RwLock<()>,
    stop: AtomicBool,
    /// What should not have happened.
    pub anomalies: Mutex<Vec<String>>,
}

impl Watch {
    /// From now on these versions may reply.
    pub fn allow(&self, versions: &[usize]) {
        let bits = versions.iter().fold(0, |bits, v| bits | 1 << v);
        let count = self.allowed.load(Ordering::SeqCst) >> VERSIONS;
        let now = ((count + 1) << VERSIONS) | bits;
        self.allowed.store(now, Ordering::SeqCst);
    }

    /// Notes something that should not have happened.
    pub fn anomaly(&self, what: String) {
        println!("ANOMALY: {what}");
        self.anomalies.lock().expect("no panic").push(what);
    }

    /// Replies until now.
    pub fn answered(&self) -> u64 {
        self.replies.iter().map(|n| n.load(Ordering::SeqCst)).sum()
    }

    /// Waits until no request is under way, and lets none begin.
    pub fn hush(&self) -> RwLockWriteGuard<'_, ()> {
        self.asking.write().expect("no panic")
    }
}

/// The clients; they end when told to.
pub struct Clients {
    threads: Vec<JoinHandle<()>>,
    watch: Arc<Watch>,
}

impl Clients {
    /// Starts clients of the server on this port.
    pub fn start(number: usize, port: u16, watch: &Arc<Watch>) -> Clients {
        let start = |i: usize| {
            let watch = Arc::clone(watch);
            std::thread::spawn(move || {
                if let Err(error) = ask_on(i, port, &watch) {
                    watch.anomaly(format!("client {i}: {error}"));
                }
            })
        };
        Clients {
            threads: (0..number).map(start).collect(),
            watch: Arc::clone(watch),
        }
    }

    /// Ends them.
    pub fn stop(self) {
        self.watch.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            if thread.join().is_err() {
                self.watch.anomaly("a client panicked".to_owned());
            }
        }
    }
}

fn ask_on(i: usize, port: u16, watch: &Watch) -> Result<(), String> {
    let mut connection = Connection::open(port).map_err(|e| format!("no connection: {e}"))?;
    let mut random = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(i as u64 + 1);
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let pause = std::env::var(PAUSE).map_or(20, |n| n.parse().expect(PAUSE));
    let pause = Duration::from_millis(pause);
    let mut seq = 0;
    while !watch.stop.load(Ordering::SeqCst) {
        seq += 1;
        let size = next() % 200;
        let text: Vec<u8> = (0..size)
            .map(|_| b"0123456789abcdefghijklmnopqrstuv"[(next() % 32) as usize])
            .collect();
        let request = [format!("ECHO {seq} ").as_bytes(), &text, b"\n"].concat();
        {
            let _asking = watch.asking.read().map_err(|e| e.to_string())?;
            let before = watch.allowed.load(Ordering::SeqCst);
            let since = Instant::now();
            let found = connection
                .ask(&request)
                .map_err(|e| format!("request {seq} is lost: {e}"))?;
            let waited = since.elapsed().as_micros() as u64;
            let after = watch.allowed.load(Ordering::SeqCst);
            watch.longest.fetch_max(waited, Ordering::SeqCst);
            let Some(version) = version_of(&found, seq, &text) else {
                let (text, found) = (
                    String::from_utf8_lossy(&text),
                    String::from_utf8_lossy(&found),
                );
                return Err(format!("{found:?} is no reply to {text:?}"));
            };
            watch.replies[version].fetch_add(1, Ordering::SeqCst);
            if before == after {
                watch.settled.fetch_add(1, Ordering::SeqCst);
                if before & (1 << version) == 0 {
                    return Err(format!("version {version} replied, of {:#b}", before & 7));
                }
            }
        }
        std::thread::sleep(pause);
    }
    Ok(())
}
