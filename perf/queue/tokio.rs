// SPDX-License-Identifier: Apache-2.0
// tokio.rs: queue on Tokio: its mpsc channel, which has one consumer (so there is no queue44).

use crate::{Answer, Request};
use tokio::sync::mpsc;

const CAPACITY: usize = 1000;

async fn produce(channel: mpsc::Sender<u64>, size: u64) {
    for i in 0..size {
        channel.send(i).await.expect("the consumer is there");
    }
}

async fn consume(mut channel: mpsc::Receiver<u64>) -> u64 {
    let mut sum = 0;
    while let Some(item) = channel.recv().await {
        sum += item;
    }
    sum
}

pub async fn work(r: Request) -> Answer {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    let producer = tokio::spawn(produce(sender, r.size));
    let consumer = tokio::spawn(consume(receiver));
    producer.await.expect("the producer");
    Answer { value: consumer.await.expect("the consumer"), ..Answer::default() }
}
