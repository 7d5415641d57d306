// SPDX-License-Identifier: Apache-2.0
// tokio.rs: yield on Tokio: yield_now.

use crate::{Answer, Request};

const TASK_COUNT: u64 = 1000;

async fn yielder(times: u64) -> u64 {
    let mut done = 0;
    while done < times {
        tokio::task::yield_now().await;
        done += 1;
    }
    done
}

pub async fn work(r: Request) -> Answer {
    let tasks: Vec<_> = (0..TASK_COUNT).map(|_| tokio::spawn(yielder(r.size / TASK_COUNT))).collect();
    let mut answer = Answer::default();
    for task in tasks {
        answer.value += task.await.expect("a task that yields");
    }
    answer
}
