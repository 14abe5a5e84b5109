//! Messages from task to task. tokio knows no unbuffered channel: a channel with room for one comes nearest.

use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch, Barrier};

/// All tasks are there before the first message.
fn timed<F>(runtime: &Runtime, measure: &str, n: usize, spawn: F)
where
    F: Fn(Arc<Barrier>, mpsc::Sender<()>),
{
    let seconds = runtime.block_on(async {
        let start = Arc::new(Barrier::new(2 * n + 1));
        // Closes when the last task has dropped its end.
        let (member, mut left) = mpsc::channel(1);
        for _ in 0..n {
            spawn(start.clone(), member.clone());
        }
        drop(member);
        start.wait().await;
        let began = Instant::now();
        left.recv().await;
        began.elapsed().as_secs_f64()
    });
    println!("{{\"measure\":\"{measure}\",\"tasks\":{},\"seconds\":{seconds}}}", 2 * n);
}

pub fn measure_ping_pong(runtime: &Runtime, n: usize, rounds: usize) {
    timed(runtime, "ping-pong", n, |start, member| {
        let (ping, mut pinged) = mpsc::channel(1);
        let (pong, mut ponged) = mpsc::channel(1);
        let ready = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            for _ in 0..rounds {
                let _ = ping.send(()).await;
                ponged.recv().await;
            }
            drop(member);
        });
        tokio::spawn(async move {
            ready.wait().await;
            for _ in 0..rounds {
                pinged.recv().await;
                let _ = pong.send(()).await;
            }
        });
    });
}

pub fn measure_selecting(runtime: &Runtime, n: usize, rounds: usize) {
    let (_done, told) = watch::channel(false);
    timed(runtime, "selecting", n, |start, member| {
        let (a, mut from_a) = mpsc::channel(1);
        let (b, mut from_b) = mpsc::channel(1);
        let (c, mut from_c) = mpsc::channel(1);
        let (d, mut from_d) = mpsc::channel(1);
        let (ready, mut told) = (start.clone(), told.clone());
        tokio::spawn(async move {
            start.wait().await;
            for _ in 0..rounds {
                tokio::select! {
                    _ = from_a.recv() => {}
                    _ = from_b.recv() => {}
                    _ = from_c.recv() => {}
                    _ = from_d.recv() => {}
                    _ = told.changed() => break,
                }
            }
            drop(member);
        });
        tokio::spawn(async move {
            ready.wait().await;
            for _ in 0..rounds / 4 {
                let _ = a.send(()).await;
                let _ = b.send(()).await;
                let _ = c.send(()).await;
                let _ = d.send(()).await;
            }
            // A channel whose sender has gone is closed, and a closed one is ready at once.
            std::future::pending::<()>().await;
        });
    });
}
