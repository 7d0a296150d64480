//! `umadb-peer URL CLIENTS SECONDS STREAMS PAYLOAD_BYTES ROUND`: appends one event per request under a condition on its
//! stream, and prints `events elapsed_seconds p50_us p99_us`.

use std::time::{Duration, Instant};

use umadb_client::UmaDbClient;
use umadb_dcb::{DcbAppendCondition, DcbEvent, DcbEventStoreAsync, DcbQuery, DcbQueryItem};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, clients, seconds, streams, bytes, round] = arguments.as_slice() else {
        return Err("usage: umadb-peer URL CLIENTS SECONDS STREAMS PAYLOAD_BYTES ROUND".into());
    };
    let (clients, streams, bytes): (usize, usize, usize) = (clients.parse()?, streams.parse()?, bytes.parse()?);
    let seconds = Duration::from_secs_f64(seconds.parse()?);
    let started = Instant::now();
    let mut tasks = Vec::new();
    for client in 0..clients {
        let (url, round) = (url.clone(), round.clone());
        tasks.push(tokio::spawn(async move {
            let db = UmaDbClient::new(url).connect_async().await.map_err(|cause| cause.to_string())?;
            // Each client has streams of its own: the condition names the stream and the last position seen in it.
            let own = (streams / clients).max(1);
            let mut last: Vec<Option<u64>> = vec![None; own];
            let mut latencies = Vec::new();
            let mut nth = 0;
            while started.elapsed() < seconds {
                let stream = nth % own;
                let tag = format!("meter_{round}_{client}_{stream}");
                let query = DcbQuery::new().item(DcbQueryItem::new().tags([tag.as_str()]));
                let mut condition = DcbAppendCondition::new(query);
                condition.after = last[stream];
                let event = DcbEvent {
                    event_type: "meter.read.v1".into(),
                    tags: vec![tag],
                    data: vec![b'x'; bytes],
                    uuid: Some(uuid::Uuid::new_v4()),
                    ..DcbEvent::default()
                };
                let asked = Instant::now();
                let position = db.append(vec![event], Some(condition), None).await.map_err(|cause| cause.to_string())?;
                latencies.push(asked.elapsed());
                last[stream] = Some(position);
                nth += 1;
            }
            Ok::<_, String>(latencies)
        }));
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let elapsed = started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |share: usize| latencies.get(latencies.len() * share / 100).map_or(0, Duration::as_micros);
    println!("{} {elapsed:.3} {} {}", latencies.len(), at(50), at(99));
    Ok(())
}
