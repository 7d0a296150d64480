//! The machine: what it is, and how much of it a run took.

use std::fs;
use std::time::Duration;

/// One line on processor, cores and memory.
pub fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("machine: {model}, {cores} cores, {} GiB", kib >> 20)
}

/// Processor time that the whole machine has spent so far, in user and system mode: clients, server and kernel alike.
pub fn busy() -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks: u64 = stat.lines().next().map_or(0, |line| {
        let fields: Vec<u64> =
            line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
        // user, nice, system, irq, softirq; not idle and not waiting for the disk
        [0, 1, 2, 5, 6].iter().filter_map(|nth| fields.get(*nth)).sum()
    });
    Duration::from_millis(ticks * 10)
}

/// What one run did.
#[derive(Clone, Debug)]
pub struct Run {
    /// Events or requests.
    pub count: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// Median and 99th percentile of one request.
    pub p50: Duration,
    /// See `p50`.
    pub p99: Duration,
    /// Processor time of the whole machine.
    pub cpu: Duration,
}

impl Run {
    /// From the latencies of all requests.
    pub fn of(mut latencies: Vec<Duration>, elapsed: Duration, cpu: Duration) -> Self {
        latencies.sort_unstable();
        let at = |share: usize| latencies.get(latencies.len() * share / 100).copied().unwrap_or_default();
        Self { count: latencies.len(), elapsed, p50: at(50), p99: at(99), cpu }
    }

    /// A second.
    pub fn rate(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64()
    }

    /// Processor time each, in microseconds.
    pub fn cpu_each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.count.max(1) as f64
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{:>9.0}/s   p50 {:>7.2} ms   p99 {:>7.2} ms   cpu {:>6.0} µs each",
            self.rate(),
            self.p50.as_secs_f64() * 1e3,
            self.p99.as_secs_f64() * 1e3,
            self.cpu_each()
        )
    }
}

/// The run with the median rate.
pub fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by(|one, other| one.rate().total_cmp(&other.rate()));
    runs.swap_remove(runs.len() / 2)
}
