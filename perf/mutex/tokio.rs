// SPDX-License-Identifier: Apache-2.0
// tokio.rs: mutex on Tokio: tokio::sync::Mutex, whose guard may be held across an await, as skein's.

use crate::{Answer, Request};
use std::sync::Arc;
use tokio::sync::Mutex;

const TASK_COUNT: u64 = 1000;

async fn counter(guard: Arc<Mutex<u64>>, times: u64) {
    for _ in 0..times {
        *guard.lock().await += 1;
    }
}

pub async fn work(r: Request) -> Answer {
    let guard = Arc::new(Mutex::new(0));
    let tasks: Vec<_> =
        (0..TASK_COUNT).map(|_| tokio::spawn(counter(guard.clone(), r.size / TASK_COUNT))).collect();
    for task in tasks {
        task.await.expect("a task that counts");
    }
    let value = *guard.lock().await;
    Answer { value, ..Answer::default() }
}
