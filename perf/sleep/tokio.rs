// SPDX-License-Identifier: Apache-2.0
// tokio.rs: sleep100k on Tokio, whose timers have a resolution of 1 ms.

use crate::{late_ms, Answer, Request, SleepLengths};
use std::time::{Duration, Instant};

async fn sleeper(length: Duration) -> f32 {
    let due = Instant::now() + length;
    tokio::time::sleep(length).await;
    late_ms(due)
}

/// Starts as many tasks as are asked for, each sleeping a length of its own, and awaits all.
pub async fn sleepers(count: u64, mut next: impl FnMut() -> Duration) -> Answer {
    let mut tasks = Vec::with_capacity(count as usize);
    for _ in 0..count {
        tasks.push(tokio::spawn(sleeper(next())));
    }
    let mut answer = Answer { value: 0, late_ms: Vec::with_capacity(count as usize) };
    for task in tasks {
        answer.late_ms.push(task.await.expect("a sleeper"));
        answer.value += 1;
    }
    answer
}

pub async fn work(r: Request) -> Answer {
    let mut lengths = SleepLengths::new();
    sleepers(r.size, move || lengths.next()).await
}
