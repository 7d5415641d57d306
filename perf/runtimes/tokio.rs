// SPDX-License-Identifier: Apache-2.0
// tokio.rs: main() of the Tokio program: reads the request, runs it, prints one line of JSON.
//
// The workloads are the files <workload>/tokio.rs. CMake writes the Cargo.toml into the build folder.

use std::future::Future;
use std::process::exit;
use std::time::{Duration, Instant};

#[path = "../blocked/tokio.rs"]
mod blocked;
#[path = "../echo/tokio.rs"]
mod echo;
#[path = "../mutex/tokio.rs"]
mod mutex;
#[path = "../pingpong/tokio.rs"]
mod pingpong;
#[path = "../queue/tokio.rs"]
mod queue;
#[path = "../sleep/tokio.rs"]
mod sleep;
#[path = "../spawn/tokio.rs"]
mod spawn;
#[path = "../tasks/tokio.rs"]
mod tasks;
#[path = "../yield/tokio.rs"]
mod yielding;

/// What the harness asks for.
#[derive(Clone, Copy)]
pub struct Request {
    pub workers: usize,
    pub size: u64,
    pub connections: u64,
}

/// What a workload answers.
#[derive(Default)]
pub struct Answer {
    pub value: u64,
    pub late_ms: Vec<f32>,
}

/// The lengths of runtimes/workload.hpp.
pub struct SleepLengths(u64);

impl SleepLengths {
    pub fn new() -> Self {
        SleepLengths(42)
    }

    pub fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Duration::from_micros(10_000 + (self.0 >> 33) % 990_001)
    }
}

/// How late now is, in milliseconds.
pub fn late_ms(due: Instant) -> f32 {
    due.elapsed().as_secs_f32() * 1e3
}

/// CPU time of all threads of this process.
fn process_cpu() -> Duration {
    let mut used = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut used) };
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

fn peak_rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a VmHWM line");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("VmHWM in KiB")
}

/// The measured part runs as a task, so that with several workers it runs on one of them.
fn run<F>(workers: usize, work: F)
where
    F: Future<Output = Answer> + Send + 'static,
{
    let runtime = if workers == 1 {
        tokio::runtime::Builder::new_current_thread().enable_all().build()
    } else {
        tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()
    }
    .expect("a runtime");
    let measured = async move {
        let (cpu, wall) = (process_cpu(), Instant::now());
        let answer = work.await;
        (wall.elapsed(), process_cpu() - cpu, answer)
    };
    let (wall, cpu, answer) =
        runtime.block_on(async { tokio::spawn(measured).await.expect("the workload") });
    let rss = peak_rss_kib(); // before the percentiles touch more memory
    println!(
        "{{\"wall_ms\": {:.6}, \"cpu_ms\": {:.6}, \"answer\": {}, \"rss_kib\": {}, \"metrics\": {{{}}}}}",
        wall.as_secs_f64() * 1e3,
        cpu.as_secs_f64() * 1e3,
        answer.value,
        rss,
        lateness(answer.late_ms)
    );
}

fn lateness(mut late: Vec<f32>) -> String {
    if late.is_empty() {
        return String::new();
    }
    late.sort_by(f32::total_cmp);
    let quantile = |q: f64| late[(q * (late.len() - 1) as f64) as usize];
    format!(
        "\"late_ms_p50\": {:.4}, \"late_ms_p99\": {:.4}, \"late_ms_max\": {:.4}",
        quantile(0.5),
        quantile(0.99),
        quantile(1.0)
    )
}

async fn idle() -> Answer {
    tokio::time::sleep(Duration::from_millis(30)).await;
    Answer::default()
}

fn fail(text: &str) -> ! {
    eprintln!("skein-perf-tokio: {text}");
    exit(1)
}

fn parse_request(arguments: &[String]) -> Request {
    let mut request = Request { workers: 1, size: 0, connections: 50 };
    for pair in arguments.chunks(2) {
        let value = match pair.get(1).map(|text| text.parse::<u64>()) {
            Some(Ok(value)) => value,
            _ => fail(&format!("{}: a whole number is needed", pair[0])),
        };
        match pair[0].as_str() {
            "--workers" => request.workers = value as usize,
            "--size" => request.size = value,
            "--connections" => request.connections = value,
            other => fail(&format!("{other}: unknown option; there are --workers, --size, --connections")),
        }
    }
    request
}

fn list() {
    println!("version {}", env!("TOKIO_VERSION"));
    for name in [
        "idle", "tasks10k", "tasks1m", "spawn", "yield", "pingpong", "sleep100k", "blocked", "mutex", "queue", "echo",
    ] {
        println!("{name}");
    }
    if cfg!(feature = "async-channel") {
        println!("queue44");
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let scenario = match arguments.first() {
        Some(scenario) => scenario,
        None => fail("usage: PROGRAM list | SCENARIO [--workers N] [--size S] [--connections C]"),
    };
    if scenario == "list" {
        return list();
    }
    let r = parse_request(&arguments[1..]);
    match scenario.as_str() {
        "idle" => run(r.workers, idle()),
        "tasks10k" | "tasks1m" => run(r.workers, tasks::work(r)),
        "spawn" => run(r.workers, spawn::work(r)),
        "yield" => run(r.workers, yielding::work(r)),
        "pingpong" => run(r.workers, pingpong::work(r)),
        "sleep100k" => run(r.workers, sleep::work(r)),
        "blocked" => run(r.workers, blocked::work(r)),
        "mutex" => run(r.workers, mutex::work(r)),
        "queue" => run(r.workers, queue::work(r, 1)),
        "queue44" => run(r.workers, queue::work(r, 4)),
        "echo" => run(r.workers, echo::work(r)),
        other => fail(&format!("unknown scenario \"{other}\"; `list` prints what there is")),
    }
}
