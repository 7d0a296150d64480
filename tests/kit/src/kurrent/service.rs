//! The double's side of the protocol, as the server speaks it to the client kurrentdb 1.2.

#![allow(clippy::result_large_err, reason = "tonic's own error is that large")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::door::Door;
use super::proto::event_store::client as shared;
use super::proto::event_store::client::server_features::{
    SupportedMethod, SupportedMethods, server_features_server,
};
use super::proto::event_store::client::streams::append_req::options::ExpectedStreamRevision;
use super::proto::event_store::client::streams::append_resp::wrong_expected_version as wrong;
use super::proto::event_store::client::streams::read_req::options::stream_options::RevisionOption;
use super::proto::event_store::client::streams::read_req::options::{
    CountOption, ReadDirection, StreamOption, all_options::AllOption,
};
use super::proto::event_store::client::streams::read_resp::{self, Content, ReadEvent, read_event};
use super::proto::event_store::client::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp,
    TombstoneReq, TombstoneResp, append_req, append_resp, streams_server,
};
use super::store::{Expected, MAX_APPEND_SIZE, Proposed, Refused, Store, Stored};
use super::{CUT_AFTER, CUT_BEFORE, Orders, PASS};

/// The streams.
pub(super) struct Service {
    pub store: Arc<Store>,
    pub orders: Arc<Orders>,
    pub door: Arc<Door>,
}

/// What the server says that it can do.
pub(super) struct Features;

#[tonic::async_trait]
impl server_features_server::ServerFeatures for Features {
    async fn get_supported_methods(
        &self,
        _request: Request<shared::Empty>,
    ) -> Result<Response<SupportedMethods>, Status> {
        let methods = ["read", "append"].map(|method| SupportedMethod {
            method_name: method.into(),
            service_name: "event_store.client.streams.streams".into(),
            features: Vec::new(),
        });
        let version = "25.0.0".into();
        Ok(Response::new(SupportedMethods { methods: methods.into(), event_store_server_version: version }))
    }
}

type Answers = mpsc::Sender<Result<ReadResp, Status>>;
type Told = Result<(), mpsc::error::SendError<Result<ReadResp, Status>>>;

#[tonic::async_trait]
impl streams_server::Streams for Service {
    type ReadStream = ReceiverStream<Result<ReadResp, Status>>;
    type BatchAppendStream = ReceiverStream<Result<BatchAppendResp, Status>>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        self.orders.reads.fetch_add(1, Ordering::SeqCst);
        let asked = Asked::read(request.into_inner())?;
        let (answers, stream) = mpsc::channel(64);
        let (store, orders) = (self.store.clone(), self.orders.clone());
        tokio::spawn(async move {
            // A client that has gone away wants no answer.
            let _ = match asked.count {
                Some(count) => page(&store, &asked, count, &answers).await,
                None => subscription(&store, &orders, asked, &answers).await,
            };
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        self.orders.appends.fetch_add(1, Ordering::SeqCst);
        let (stream, expected, events) = proposed(request.into_inner()).await?;
        let order = self.orders.next.swap(PASS, Ordering::SeqCst);
        if order == CUT_BEFORE {
            return self.cut().await;
        }
        let done = self.store.append(&stream, expected, events);
        if order == CUT_AFTER {
            return self.cut().await;
        }
        let result = match done {
            Ok((revision, position)) => append_resp::Result::Success(append_resp::Success {
                current_revision_option: Some(append_resp::success::CurrentRevisionOption::CurrentRevision(
                    revision,
                )),
                position_option: Some(append_resp::success::PositionOption::Position(
                    append_resp::Position { commit_position: position, prepare_position: position },
                )),
            }),
            Err(Refused::WrongVersion(current)) => {
                append_resp::Result::WrongExpectedVersion(wrong_version(expected, current))
            }
            Err(Refused::TooLarge) => {
                let mut status =
                    Status::invalid_argument(format!("Maximum Append Size of {MAX_APPEND_SIZE} Exceeded."));
                let exception = tonic::metadata::MetadataValue::from_static("maximum-append-size-exceeded");
                status.metadata_mut().insert("exception", exception);
                return Err(status);
            }
        };
        Ok(Response::new(AppendResp { result: Some(result) }))
    }

    async fn delete(&self, _request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(Status::unimplemented("the double deletes nothing"))
    }

    async fn tombstone(&self, _request: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(Status::unimplemented("the double deletes nothing"))
    }

    async fn batch_append(
        &self,
        _request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        Err(Status::unimplemented("the double appends one batch at a time"))
    }
}

impl Service {
    /// Ends every connection and never answers.
    async fn cut<T>(&self) -> Result<T, Status> {
        self.orders.cuts.fetch_add(1, Ordering::SeqCst);
        self.door.cut();
        std::future::pending().await
    }
}

/// What a read asks for.
#[derive(Clone)]
struct Asked {
    /// `None` is `$all`.
    stream: Option<String>,
    from: From,
    backwards: bool,
    resolve: bool,
    /// `None` is a subscription.
    count: Option<u64>,
}

#[derive(Clone, Copy)]
enum From {
    Start,
    End,
    At(u64),
}

impl Asked {
    fn read(request: ReadReq) -> Result<Self, Status> {
        let lacking = |what: &str| Status::invalid_argument(format!("the request lacks {what}"));
        let options = request.options.ok_or_else(|| lacking("options"))?;
        let backwards = options.read_direction == ReadDirection::Backwards as i32;
        let resolve = options.resolve_links;
        let (stream, from) = match options.stream_option.ok_or_else(|| lacking("a stream"))? {
            StreamOption::Stream(named) => {
                let from = match named.revision_option.ok_or_else(|| lacking("a revision"))? {
                    RevisionOption::Revision(revision) => From::At(revision),
                    RevisionOption::Start(_) => From::Start,
                    RevisionOption::End(_) => From::End,
                };
                (Some(name(named.stream_identifier)?), from)
            }
            StreamOption::All(all) => {
                let from = match all.all_option.ok_or_else(|| lacking("a position"))? {
                    AllOption::Position(position) => From::At(position.commit_position),
                    AllOption::Start(_) => From::Start,
                    AllOption::End(_) => From::End,
                };
                (None, from)
            }
        };
        let count = match options.count_option.ok_or_else(|| lacking("a count"))? {
            CountOption::Count(count) => Some(count),
            CountOption::Subscription(_) => None,
        };
        Ok(Self { stream, from, backwards, resolve, count })
    }

    /// What is there, each with its place in what is read.
    fn events(&self, store: &Store) -> Vec<(u64, Stored)> {
        match &self.stream {
            Some(stream) => (0..).zip(store.read(stream)).collect(),
            None => store.all().into_iter().map(|event| (event.position, event)).collect(),
        }
    }
}

/// A bounded read. What begins at a place begins with what stands there.
async fn page(store: &Store, asked: &Asked, count: u64, answers: &Answers) -> Told {
    let events = asked.events(store);
    if events.is_empty() && asked.stream.is_some() {
        let stream_identifier = asked.stream.as_deref().map(identifier);
        return tell(answers, Content::StreamNotFound(read_resp::StreamNotFound { stream_identifier })).await;
    }
    let last = events.last().map_or(0, |(place, _)| *place);
    let within = |place: u64| match (asked.from, asked.backwards) {
        (From::At(from), false) => place >= from,
        (From::At(from), true) => place <= from,
        (From::Start, false) | (From::End, true) => true,
        (From::Start, true) | (From::End, false) => false,
    };
    let mut wanted: Vec<_> = events.into_iter().filter(|(place, _)| within(*place)).collect();
    if asked.backwards {
        wanted.reverse();
    }
    for (place, event) in wanted.into_iter().take(usize::try_from(count).unwrap_or(usize::MAX)) {
        tell(answers, Content::Event(read(asked, place, event))).await?;
    }
    if asked.stream.is_some() {
        tell(answers, Content::LastStreamPosition(last)).await?;
    }
    Ok(())
}

/// A subscription. What begins at a place begins behind it.
async fn subscription(store: &Store, orders: &Orders, asked: Asked, answers: &Answers) -> Told {
    let mut appended = store.appended.subscribe();
    let ended = orders.end_subscriptions.notified();
    tokio::pin!(ended);
    ended.as_mut().enable();
    let subscription_id = crate::ids::uuid().to_string();
    tell(answers, Content::Confirmation(read_resp::SubscriptionConfirmation { subscription_id })).await?;
    let mut after = match asked.from {
        From::Start => None,
        From::At(place) => Some(place),
        From::End => asked.events(store).last().map(|(place, _)| *place),
    };
    let mut caught_up = false;
    loop {
        appended.borrow_and_update();
        for (place, event) in asked.events(store) {
            if after.is_none_or(|after| place > after) {
                tell(answers, Content::Event(read(&asked, place, event))).await?;
                after = Some(place);
            }
        }
        if !caught_up {
            caught_up = true;
            let now = read_resp::CaughtUp { timestamp: None, stream_revision: None, position: None };
            tell(answers, Content::CaughtUp(now)).await?;
        }
        tokio::select! {
            changed = appended.changed() => if changed.is_err() { return Ok(()) },
            () = answers.closed() => return Ok(()),
            () = &mut ended => return Ok(()),
        }
    }
}

async fn proposed(mut request: Streaming<AppendReq>) -> Result<(String, Expected, Vec<Proposed>), Status> {
    let (mut head, mut events) = (None, Vec::new());
    while let Some(next) = request.next().await {
        match next?.content {
            Some(append_req::Content::Options(options)) => {
                let expected = match options.expected_stream_revision {
                    Some(ExpectedStreamRevision::Revision(revision)) => Expected::Revision(revision),
                    Some(ExpectedStreamRevision::NoStream(_)) => Expected::NoStream,
                    Some(ExpectedStreamRevision::StreamExists(_)) => Expected::Exists,
                    Some(ExpectedStreamRevision::Any(_)) | None => Expected::Any,
                };
                head = Some((name(options.stream_identifier)?, expected));
            }
            Some(append_req::Content::ProposedMessage(message)) => {
                let mut metadata = message.metadata;
                let mut known = |name: &str| {
                    metadata
                        .remove(name)
                        .ok_or_else(|| Status::invalid_argument(format!("an event lacks its {name}")))
                };
                events.push(Proposed {
                    id: id(message.id)?,
                    event_type: known("type")?,
                    content_type: known("content-type")?,
                    data: message.data,
                    metadata: message.custom_metadata,
                });
            }
            None => return Err(Status::invalid_argument("an empty message")),
        }
    }
    let (stream, expected) = head.ok_or_else(|| Status::invalid_argument("no options came first"))?;
    Ok((stream, expected, events))
}

fn wrong_version(expected: Expected, current: Option<u64>) -> append_resp::WrongExpectedVersion {
    let empty = shared::Empty {};
    append_resp::WrongExpectedVersion {
        current_revision_option_20_6_0: None,
        expected_revision_option_20_6_0: None,
        current_revision_option: Some(match current {
            Some(revision) => wrong::CurrentRevisionOption::CurrentRevision(revision),
            None => wrong::CurrentRevisionOption::CurrentNoStream(empty),
        }),
        expected_revision_option: Some(match expected {
            Expected::Revision(revision) => wrong::ExpectedRevisionOption::ExpectedRevision(revision),
            Expected::Any => wrong::ExpectedRevisionOption::ExpectedAny(empty),
            Expected::Exists => wrong::ExpectedRevisionOption::ExpectedStreamExists(empty),
            Expected::NoStream => wrong::ExpectedRevisionOption::ExpectedNoStream(empty),
        }),
    }
}

/// An event as it is sent: by itself, or as what a category's link points to.
fn read(asked: &Asked, place: u64, event: Stored) -> ReadEvent {
    let category = asked.stream.as_deref().filter(|stream| stream.starts_with("$ce-"));
    let link = category.map(|category| Stored {
        stream: category.to_owned(),
        revision: place,
        event_type: "$>".into(),
        data: format!("{}@{}", event.revision, event.stream).into(),
        metadata: Bytes::new(),
        ..event.clone()
    });
    let position = Some(read_event::Position::CommitPosition(event.position));
    let (event, link) = match link {
        Some(link) if asked.resolve => (event, Some(link)),
        Some(link) => (link, None),
        None => (event, None),
    };
    ReadEvent { event: Some(recorded(event)), link: link.map(recorded), position }
}

fn recorded(event: Stored) -> read_event::RecordedEvent {
    let metadata = [
        ("type", event.event_type),
        ("content-type", event.content_type),
        ("created", event.created.to_string()),
    ];
    let (high, low) = event.id.as_u64_pair();
    let structured =
        shared::uuid::Structured { most_significant_bits: high as i64, least_significant_bits: low as i64 };
    read_event::RecordedEvent {
        id: Some(shared::Uuid { value: Some(shared::uuid::Value::Structured(structured)) }),
        stream_identifier: Some(identifier(&event.stream)),
        stream_revision: event.revision,
        prepare_position: event.position,
        commit_position: event.position,
        metadata: metadata
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect::<HashMap<_, _>>(),
        custom_metadata: event.metadata,
        data: event.data,
    }
}

/// Sends one answer.
async fn tell(answers: &Answers, content: Content) -> Told {
    answers.send(Ok(ReadResp { content: Some(content) })).await
}

fn identifier(name: &str) -> shared::StreamIdentifier {
    shared::StreamIdentifier { stream_name: Bytes::copy_from_slice(name.as_bytes()) }
}

fn name(identifier: Option<shared::StreamIdentifier>) -> Result<String, Status> {
    let name = identifier.map(|identifier| identifier.stream_name).unwrap_or_default();
    String::from_utf8(name.to_vec()).map_err(|_| Status::invalid_argument("a stream's name is not UTF-8"))
}

fn id(id: Option<shared::Uuid>) -> Result<Uuid, Status> {
    match id.and_then(|id| id.value) {
        Some(shared::uuid::Value::Structured(id)) => {
            Ok(Uuid::from_u64_pair(id.most_significant_bits as u64, id.least_significant_bits as u64))
        }
        Some(shared::uuid::Value::String(text)) => {
            text.parse().map_err(|_| Status::invalid_argument("an id is not a UUID"))
        }
        None => Err(Status::invalid_argument("an event lacks its id")),
    }
}
