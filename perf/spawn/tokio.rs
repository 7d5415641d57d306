// SPDX-License-Identifier: Apache-2.0
// tokio.rs: spawn on Tokio: trivial tasks made by one task, all awaited through their handles.

use crate::{Answer, Request};

pub async fn work(r: Request) -> Answer {
    let mut tasks = Vec::with_capacity(r.size as usize);
    for i in 0..r.size {
        tasks.push(tokio::spawn(async move { i }));
    }
    let mut answer = Answer::default();
    for task in tasks {
        answer.value += task.await.expect("a trivial task");
    }
    answer
}
