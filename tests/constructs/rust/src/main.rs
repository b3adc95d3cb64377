//! Answers one request for each line of input, as the cases of C and C++ do: a price, an
//! error, or a panic that is caught.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{BufRead, Write};

/// Whether this is the build with the fix. No feature of Cargo: that would give every function
/// another name.
const FIXED: bool = option_env!("SHOP_FIXED").is_some();

thread_local! {
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

/// Drops while a panic passes through.
struct Noted<'n>(&'n Cell<u32>);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[inline(never)]
fn price(item: &str, count: u32) -> Result<u32, String> {
    ASKED.set(ASKED.get() + 1);
    let unit: u32 = match item {
        "apple" => 3,
        "pear" => 4,
        "fig" if FIXED => 8,
        "fig" => 9,
        "grenade" => panic!("not sold"),
        other => return Err(format!("no {other}")),
    };
    let discount = if FIXED && count > 4 { 1 } else { 0 };
    (unit - discount)
        .checked_mul(count)
        .ok_or_else(|| "too many".to_owned())
}

#[inline(never)]
fn answer(item: &str, seen: &mut HashMap<String, u32>) -> String {
    let dropped = Cell::new(0);
    let times = seen.entry(item.to_owned()).or_default();
    *times += 1;
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _noted = Noted(&dropped);
        price(item, 5)
    }));
    let said = match asked {
        Ok(Ok(sum)) => sum.to_string(),
        Ok(Err(problem)) => problem,
        Err(_) => "panicked".to_owned(),
    };
    let (asked, dropped) = (ASKED.get(), dropped.get());
    format!("{said}, {times} times, {asked} asked, {dropped} dropped")
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut seen = HashMap::new();
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", std::process::id()).expect("output");
    let items = ["apple", "fig", "plum", "grenade"];
    for (line, item) in std::io::stdin().lock().lines().zip(items.iter().cycle()) {
        line.expect("input");
        writeln!(output, "{}", answer(item, &mut seen)).expect("output");
        output.flush().expect("output");
    }
}
