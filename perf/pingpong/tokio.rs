// SPDX-License-Identifier: Apache-2.0
// tokio.rs: pingpong on Tokio: two tasks and two Notify, the least that can wake a task there.

use crate::{Answer, Request};
use std::sync::Arc;
use tokio::sync::Notify;

#[derive(Default)]
struct Table {
    ping: Notify,
    pong: Notify,
}

async fn player(table: Arc<Table>, rounds: u64) -> u64 {
    let mut returned = 0;
    while returned < rounds {
        table.ping.notified().await;
        table.pong.notify_one();
        returned += 1;
    }
    returned
}

pub async fn work(r: Request) -> Answer {
    let table = Arc::new(Table::default());
    let opponent = tokio::spawn(player(table.clone(), r.size));
    for _ in 0..r.size {
        table.ping.notify_one();
        table.pong.notified().await;
    }
    Answer { value: opponent.await.expect("the opponent"), ..Answer::default() }
}
