//! What counts as arrived, and what does not: receivers that close too early, never, or in the middle.

use std::future::Future;
use std::time::Duration;

use hub_domain::export::Transport as Config;
use hub_projections::outlet::{Fault, Undelivered};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::transport::testing::{settings, text};
use crate::transport::{Message, Secrets, Settings, Transport, open};

async fn receiver() -> (TcpListener, Box<dyn Transport>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let settings = Settings { answer_within: Duration::from_millis(300), ..settings() };
    let config = Config::Syslog { address, tls: None };
    (listener, open(&config, &Secrets::default(), &settings).expect("a way out"))
}

fn messages(count: u128, size: usize) -> Vec<Message> {
    (0..count).map(|nth| text(nth, &"x".repeat(size))).collect()
}

/// Sends, while the receiver does something with the connection.
async fn sending<F: Future<Output = ()>>(
    messages: &[Message],
    receive: impl FnOnce(TcpStream) -> F,
) -> Result<(), Undelivered> {
    let (listener, way) = receiver().await;
    let serve = async { receive(listener.accept().await.expect("a connection").0).await };
    tokio::join!(way.send(messages), serve).0
}

fn is_away(answer: Result<(), Undelivered>) -> String {
    let undelivered = answer.expect_err("it did not arrive");
    assert_eq!((undelivered.delivered, undelivered.fault), (0, Fault::Away { after: None }));
    undelivered.message
}

#[tokio::test]
async fn what_the_receiver_has_read_to_its_end_has_arrived() {
    let sent = messages(3, 10);
    let answer = sending(&sent, |mut stream| async move {
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.expect("all of it");
        assert_eq!(read.windows(4).filter(|window| window == b"<110").count(), 3);
    });
    answer.await.expect("it arrived");
}

#[tokio::test]
async fn a_receiver_that_leaves_early_has_not_read_it() {
    is_away(sending(&messages(1, 10), |stream| async move { drop(stream) }).await);
    let reads_a_little = |mut stream: TcpStream| async move {
        let mut little = [0; 100];
        stream.read_exact(&mut little).await.expect("something");
    };
    is_away(sending(&messages(1, 60_000), reads_a_little).await);
    is_away(sending(&messages(200, 60_000), reads_a_little).await);
}

#[tokio::test]
async fn a_receiver_that_never_closes_says_nothing() {
    let (listener, way) = receiver().await;
    let kept = async { listener.accept().await.expect("a connection").0 };
    let sent = messages(1, 10);
    let (answer, _stream) = tokio::join!(way.send(&sent), kept);
    assert!(is_away(answer).contains("does not close"));
}

#[tokio::test]
async fn what_is_sent_again_bears_the_same_numbers() {
    let (listener, way) = receiver().await;
    let sent = messages(2, 10);
    let refuse = async { drop(listener.accept().await) };
    is_away(tokio::join!(way.send(&sent), refuse).0);
    for first in [1, 3] {
        let read = async {
            let mut text = String::new();
            listener.accept().await.expect("a connection").0.read_to_string(&mut text).await.expect("text");
            text
        };
        let (answer, read) = tokio::join!(way.send(&sent), read);
        answer.expect("it arrived");
        for number in [first, first + 1] {
            assert!(read.contains(&format!("sequenceId=\"{number}\"")), "{number} in {read}");
        }
    }
}

#[tokio::test]
async fn nobody_there_is_away() {
    let (listener, way) = receiver().await;
    drop(listener);
    assert!(is_away(way.send(&messages(1, 1)).await).contains("syslog: "));
}
