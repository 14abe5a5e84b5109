//! Tickers that count in memory that the harness shares and reads by its own clock, as the Go program's do.

use crate::{fail, wait_for_end_of_stdin};
use std::os::unix::io::AsRawFd;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tokio::time::{interval, MissedTickBehavior};

/// Has a cache line of its own, so that tasks do not slow each other down by counting.
#[repr(C, align(64))]
struct Counter {
    ticks: AtomicI64,
}

/// Counter 0 counts the tickers that were made.
fn map_counters(path: &str, n: usize) -> &'static [Counter] {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path);
    let file = file.unwrap_or_else(|error| fail(path, &error));
    let size = n * std::mem::size_of::<Counter>();
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // Mapped until the process ends, as long as the harness made the file, and only ever counted in by atomics.
    unsafe {
        let memory = libc::mmap(std::ptr::null_mut(), size, protection, libc::MAP_SHARED, file.as_raw_fd(), 0);
        if memory == libc::MAP_FAILED {
            fail(path, &std::io::Error::last_os_error());
        }
        std::slice::from_raw_parts(memory as *const Counter, n)
    }
}

/// Where the counters lie has then nothing to do with the order in which the tickers are made.
fn shuffle(order: &mut [usize]) {
    let mut state: u64 = 1;
    for i in (1..order.len()).rev() {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        order.swap(i, (state >> 33) as usize % (i + 1));
    }
}

async fn tick(own: &'static Counter, made: &'static Counter, period: Duration, start: Arc<Barrier>) {
    start.wait().await;
    drop(start);
    let mut ticker = interval(period);
    // Late ticks are dropped, as Go's and leaklab's are.
    ticker.set_missed_tick_behavior(MissedTickBehavior::Skip);
    made.ticks.fetch_add(1, Ordering::Relaxed);
    loop {
        ticker.tick().await;
        own.ticks.fetch_add(1, Ordering::Relaxed);
    }
}

pub fn run(runtime: &Runtime, n: usize, period: Duration, path: &str, shuffled: bool) {
    let counters = map_counters(path, n + 1);
    let mut order: Vec<usize> = (1..=n).collect();
    if shuffled {
        shuffle(&mut order);
    }
    // All are there before the first one ticks.
    let start = Arc::new(Barrier::new(n));
    runtime.block_on(async {
        for i in order {
            tokio::spawn(tick(&counters[i], &counters[0], period, start.clone()));
        }
    });
    wait_for_end_of_stdin();
}
