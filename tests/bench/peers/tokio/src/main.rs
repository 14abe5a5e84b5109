//! Does on tokio what leaklab's runtime does, so that both can be measured side by side. Each measurement is one process
//! that prints one JSON object; tests/bench/README.md says what the numbers mean. The Go program beside it is its twin.

mod messages;
mod tasks;
mod tickers;

use std::io::Read;
use std::time::Duration;

const USAGE: &str = "\
usage: peer spawn N                          N tasks, wait until all are blocked on receive
       peer cancel N                         the same with a select on done, then tell them that it is
       peer memory N HOLDS SECONDS           the same, HOLDS bytes each; resident memory SECONDS after
       peer ping-pong N ROUNDS               N pairs that hand a message to and fro, ROUNDS times each
       peer selecting N ROUNDS               N tasks that select among four channels and done, ROUNDS times each
       peer tickers N PERIOD FILE [shuffled] N tickers that count in FILE, 64 bytes each, until stdin ends
";

pub fn fail(what: &str, why: &dyn std::fmt::Display) -> ! {
    eprintln!("peer: {what}: {why}");
    std::process::exit(1);
}

fn count(text: &str) -> usize {
    text.parse().unwrap_or_else(|error| fail(text, &error))
}

/// Of whole milliseconds, as Go writes it: `10ms`.
fn duration(text: &str) -> Duration {
    match text.strip_suffix("ms") {
        Some(ms) => Duration::from_millis(count(ms) as u64),
        None => fail(text, &"not a number of ms"),
    }
}

/// The process's resident memory; see proc(5), /proc/pid/statm.
pub fn resident_bytes() -> i64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_else(|error| fail("statm", &error));
    let pages = text.split(' ').nth(1).and_then(|field| field.parse::<i64>().ok());
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages.unwrap_or_else(|| fail("statm", &"has no second field")) * page
}

pub fn wait_for_end_of_stdin() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn main() {
    // As many worker threads as processors, which is what #[tokio::main] makes.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build();
    let runtime = runtime.unwrap_or_else(|error| fail("runtime", &error));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["spawn", n] => tasks::measure_spawn(&runtime, count(n)),
        ["cancel", n] => tasks::measure_cancel(&runtime, count(n)),
        ["memory", n, holds, seconds] => tasks::measure_memory(&runtime, count(n), count(holds), count(seconds)),
        ["ping-pong", n, rounds] => messages::measure_ping_pong(&runtime, count(n), count(rounds)),
        ["selecting", n, rounds] => messages::measure_selecting(&runtime, count(n), count(rounds)),
        ["tickers", n, period, file] => tickers::run(&runtime, count(n), duration(period), file, false),
        ["tickers", n, period, file, "shuffled"] => tickers::run(&runtime, count(n), duration(period), file, true),
        _ => {
            eprint!("{USAGE}");
            std::process::exit(2);
        }
    }
    // Dropping the runtime would end a million tasks one by one, which nobody wants to know about any more.
    std::mem::forget(runtime);
}
