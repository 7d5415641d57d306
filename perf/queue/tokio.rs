// SPDX-License-Identifier: Apache-2.0
// tokio.rs: queue and queue44 on Tokio: async-channel where its package is, else Tokio's own mpsc channel, which
// has one consumer: then there is no queue44.

use crate::{Answer, Request};

const CAPACITY: usize = 1000;

#[cfg(feature = "async-channel")]
mod channel {
    pub use async_channel::{Receiver, Sender};

    pub fn bounded() -> (Sender<u64>, Receiver<u64>) {
        async_channel::bounded(super::CAPACITY)
    }

    pub async fn receive(from: &mut Receiver<u64>) -> Option<u64> {
        from.recv().await.ok()
    }

    /// A receiver for one more consumer.
    pub fn another(of: &Receiver<u64>) -> Receiver<u64> {
        of.clone()
    }
}

#[cfg(not(feature = "async-channel"))]
mod channel {
    pub use tokio::sync::mpsc::{Receiver, Sender};

    pub fn bounded() -> (Sender<u64>, Receiver<u64>) {
        tokio::sync::mpsc::channel(super::CAPACITY)
    }

    pub async fn receive(from: &mut Receiver<u64>) -> Option<u64> {
        from.recv().await
    }

    pub fn another(_: &Receiver<u64>) -> Receiver<u64> {
        unreachable!("queue44 is not listed")
    }
}

use channel::{another, bounded, receive, Receiver, Sender};

async fn produce(channel: Sender<u64>, first: u64, last: u64) {
    for i in first..last {
        channel.send(i).await.expect("a consumer is there");
    }
}

async fn consume(mut channel: Receiver<u64>) -> u64 {
    let mut sum = 0;
    while let Some(item) = receive(&mut channel).await {
        sum += item;
    }
    sum
}

/// `pairs` divides the size.
pub async fn work(r: Request, pairs: u64) -> Answer {
    let (sender, receiver) = bounded();
    let each = r.size / pairs;
    let producers: Vec<_> =
        (0..pairs).map(|i| tokio::spawn(produce(sender.clone(), i * each, (i + 1) * each))).collect();
    drop(sender); // the last producer closes the channel
    let mut receivers: Vec<_> = (1..pairs).map(|_| another(&receiver)).collect();
    receivers.push(receiver);
    let consumers: Vec<_> = receivers.into_iter().map(|r| tokio::spawn(consume(r))).collect();
    for producing in producers {
        producing.await.expect("a producer");
    }
    let mut answer = Answer::default();
    for consuming in consumers {
        answer.value += consuming.await.expect("a consumer");
    }
    answer
}
