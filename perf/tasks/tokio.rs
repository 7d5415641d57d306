// SPDX-License-Identifier: Apache-2.0
// tokio.rs: tasks10k and tasks1m on Tokio.

use crate::{sleep::sleepers, Answer, Request};
use std::time::Duration;

pub async fn work(r: Request) -> Answer {
    sleepers(r.size, || Duration::from_millis(10)).await
}
