//! Progress on stderr: bars are drawn at a terminal and silent elsewhere; a meter prints lines there.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

/// A bar over `total` events.
pub fn bar(what: &str, total: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {per_sec}, {eta} left")
            .expect("the template is well-formed");
    let bar = ProgressBar::new(total).with_style(style).with_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// How often a line is printed where nobody watches a bar.
const LINE: Duration = Duration::from_secs(5);

/// Progress with rate and time left: a bar at a terminal, elsewhere a line every few seconds.
pub struct Meter {
    bar: ProgressBar,
    lines: Option<Mutex<Lines>>,
}

impl Meter {
    /// Over `total` events.
    pub fn new(what: &'static str, total: u64) -> Self {
        let lines = (!std::io::stderr().is_terminal()).then(|| Mutex::new(Lines::new(what, total)));
        Self { bar: bar(what, total), lines }
    }

    /// So many events are done, of so many where that is known by now.
    pub fn at(&self, done: u64, total: Option<u64>) {
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        if let Some(lines) = &self.lines {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.total = total.unwrap_or(lines.total);
            let elapsed = lines.started.elapsed();
            if let Some(line) = lines.at(done, elapsed) {
                eprintln!("{line}");
            }
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Lines instead of a bar.
struct Lines {
    what: &'static str,
    total: u64,
    started: Instant,
    printed: Duration,
}

impl Lines {
    fn new(what: &'static str, total: u64) -> Self {
        Self { what, total, started: Instant::now(), printed: Duration::ZERO }
    }

    /// The line to print, when it is time for one.
    fn at(&mut self, done: u64, elapsed: Duration) -> Option<String> {
        if elapsed < self.printed + LINE {
            return None;
        }
        self.printed = elapsed;
        let rate = done as f64 / elapsed.as_secs_f64();
        let left = self.total.saturating_sub(done) as f64 / rate.max(1e-3);
        let (what, done, total) = (self.what, HumanCount(done), HumanCount(self.total));
        let (rate, left) = (HumanCount(rate as u64), HumanDuration(Duration::from_secs(left.ceil() as u64)));
        Some(format!("{what}: {done} of {total} events, {rate} a second, {left} left"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_every_few_seconds_tells_rate_and_time_left() {
        let mut lines = Lines::new("rebuilding", 50_000);
        assert_eq!(lines.at(9_000, Duration::from_secs(4)), None);
        let line = lines.at(20_000, Duration::from_secs(5)).unwrap();
        assert_eq!(line, "rebuilding: 20,000 of 50,000 events, 4,000 a second, 8 seconds left");
        assert_eq!(lines.at(30_000, Duration::from_secs(9)), None);
        lines.total = 60_000;
        let line = lines.at(60_000, Duration::from_secs(10)).unwrap();
        assert_eq!(line, "rebuilding: 60,000 of 60,000 events, 6,000 a second, 0 seconds left");
    }
}
