//! Programs that make patching hard, patched all the same, or refused by name.
//! `tests/hostile/run.sh` runs them under Wine.
#![cfg(windows)]

mod coroutine;
#[path = "../support/desk.rs"]
mod desk;
#[path = "../apply/hotpatch.rs"]
#[allow(dead_code, reason = "deaths are for tests/apply and tests/kill")]
mod hotpatch;
mod liar;
mod reload;
#[path = "../transplant/running.rs"]
mod running;
#[path = "../support/start.rs"]
mod start;
mod target;
mod threads;
mod writers;
