// SPDX-License-Identifier: Apache-2.0
// tokio.rs: echo on Tokio: a task for each connection; ends when all clients have left.

use crate::{Answer, Request};
use std::io::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Returns the number of bytes sent back.
async fn serve(mut connection: TcpStream) -> std::io::Result<u64> {
    let mut buffer = [0; 4096];
    let mut bytes = 0;
    loop {
        let n = connection.read(&mut buffer).await?;
        if n == 0 {
            return Ok(bytes);
        }
        connection.write_all(&buffer[..n]).await?;
        bytes += n as u64;
    }
}

pub async fn work(r: Request) -> Answer {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{{\"port\": {}}}", listener.local_addr().expect("its address").port());
    std::io::stdout().flush().expect("standard output");
    let mut tasks = Vec::new();
    for _ in 0..r.connections {
        let (connection, _) = listener.accept().await.expect("a client");
        tasks.push(tokio::spawn(serve(connection)));
    }
    let mut answer = Answer::default();
    for task in tasks {
        answer.value += task.await.expect("a connection").expect("bytes sent back");
    }
    answer
}
