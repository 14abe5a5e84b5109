//! A million tasks that wait: what it takes to make them, to keep them, and to end them.

use crate::resident_bytes;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch, Mutex};

/// Runs it on a worker, from where spawning takes the short way.
fn on_a_worker<F>(runtime: &Runtime, work: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    runtime.block_on(async { tokio::spawn(work).await.expect("the work does not panic") })
}

/// Many consumers of one channel: a receiver of tokio's has one owner, so that they take turns at it.
type Jobs = Arc<Mutex<mpsc::Receiver<()>>>;

fn jobs() -> (mpsc::Sender<()>, Jobs) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Arc::new(Mutex::new(receiver)))
}

async fn all_begun(begun: &AtomicUsize, n: usize) {
    while begun.load(Ordering::Relaxed) < n {
        tokio::task::yield_now().await;
    }
}

/// Tasks that receive from a channel on which nobody sends; returns when each is there.
async fn spawn_blocked(n: usize, jobs: Jobs) {
    let begun = Arc::new(AtomicUsize::new(0));
    for _ in 0..n {
        let (jobs, begun) = (jobs.clone(), begun.clone());
        tokio::spawn(async move {
            begun.fetch_add(1, Ordering::Relaxed);
            drop(begun);
            jobs.lock().await.recv().await;
        });
    }
    all_begun(&begun, n).await;
}

pub fn measure_spawn(runtime: &Runtime, n: usize) {
    let (sender, jobs) = jobs();
    let before = resident_bytes();
    let start = Instant::now();
    on_a_worker(runtime, spawn_blocked(n, jobs));
    let seconds = start.elapsed().as_secs_f64();
    let after = resident_bytes();
    println!(
        "{{\"measure\":\"spawn\",\"tasks\":{n},\"seconds\":{seconds},\"tasks_per_second\":{},\
         \"resident_before_bytes\":{before},\"resident_after_bytes\":{after},\"bytes_per_task\":{}}}",
        n as f64 / seconds,
        (after - before) as f64 / n as f64
    );
    drop(sender);
}

/// Tasks that wait for a job or for done, as a service's workers do.
struct Group {
    done: watch::Sender<bool>,
    left: mpsc::Receiver<()>,
    _jobs: mpsc::Sender<()>,
}

async fn new_group(n: usize, holds: usize) -> Group {
    let (sender, jobs) = jobs();
    let (done, told) = watch::channel(false);
    // Closes when the last task has dropped its end.
    let (member, left) = mpsc::channel::<()>(1);
    let begun = Arc::new(AtomicUsize::new(0));
    for _ in 0..n {
        let (jobs, mut told, member, begun) = (jobs.clone(), told.clone(), member.clone(), begun.clone());
        tokio::spawn(async move {
            let _member = member;
            let held = vec![1u8; holds];
            begun.fetch_add(1, Ordering::Relaxed);
            drop(begun);
            tokio::select! {
                _ = async { jobs.lock().await.recv().await } => {}
                _ = told.changed() => {}
            }
            drop(held);
        });
    }
    all_begun(&begun, n).await;
    Group { done, left, _jobs: sender }
}

impl Group {
    async fn end(mut self) -> Duration {
        let start = Instant::now();
        self.done.send_replace(true);
        self.left.recv().await;
        start.elapsed()
    }
}

pub fn measure_cancel(runtime: &Runtime, n: usize) {
    let elapsed = on_a_worker(runtime, async move { new_group(n, 0).await.end().await });
    println!(
        "{{\"measure\":\"cancel\",\"tasks\":{n},\"seconds\":{},\"ns_per_task\":{}}}",
        elapsed.as_secs_f64(),
        elapsed.as_nanos() as f64 / n as f64
    );
}

pub fn measure_memory(runtime: &Runtime, n: usize, holds: usize, seconds: usize) {
    let before = resident_bytes();
    let group = on_a_worker(runtime, new_group(n, holds));
    let full = resident_bytes();
    on_a_worker(runtime, group.end());
    let ended = resident_bytes();
    std::thread::sleep(Duration::from_secs(seconds as u64));
    println!(
        "{{\"measure\":\"memory\",\"tasks\":{n},\"holds_bytes\":{holds},\"wait_seconds\":{seconds},\
         \"resident_before_bytes\":{before},\"resident_full_bytes\":{full},\
         \"resident_ended_bytes\":{ended},\"resident_after_bytes\":{}}}",
        resident_bytes()
    );
}
