// SPDX-License-Identifier: Apache-2.0
// tokio.rs: blocked on Tokio: sleepers, while a task computes for a second without an await.

use crate::{sleep, Answer, Request};
use std::time::{Duration, Instant};

async fn hog() {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(1) {
        std::hint::spin_loop();
    }
}

pub async fn work(r: Request) -> Answer {
    let computing = tokio::spawn(hog());
    let answer = sleep::work(r).await;
    computing.await.expect("the task that computes");
    answer
}
