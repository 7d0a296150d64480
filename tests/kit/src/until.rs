//! Waiting for a condition, with a deadline: the one place in the tests that sleeps.

use std::future::Future;
use std::time::{Duration, Instant};

/// Asks again and again until there is an answer, or time is up.
pub async fn until<T, F: Future<Output = Option<T>>>(
    within: Duration,
    mut ask: impl FnMut() -> F,
) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if Instant::now() >= deadline {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
