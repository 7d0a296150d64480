//! The connection to a cluster: reads and appends of one stream, with a deadline each, and what a failure leaves open.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hub_commands::ports::Unavailable;
use kurrentdb::{
    AppendToStreamOptions, Client, ClientSettings, Error, EventData, ReadStreamOptions, RecordedEvent,
    ResolvedEvent, StreamPosition, StreamState, SubscribeToStreamOptions, Subscription,
};

/// The stream of the ledger, unless another one is named.
pub const LEDGER_STREAM: &str = "clustermaster-ledger";
/// How long one read or append may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Bytes after which a page of entries ends.
const PAGE_BYTES: usize = 4 << 20;

/// Where the cluster is: `kurrentdb://USER:PASSWORD@HOST:PORT?tls=true`. Never shows itself: it may hold a password.
#[derive(Clone)]
pub struct Address(ClientSettings);

/// The address is malformed. Never shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the log's address is malformed: it must read kurrentdb://USER:PASSWORD@HOST:PORT or kurrentdb+discover://…"
)]
pub struct AddressError;

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        text.parse().map(Self).map_err(|_| AddressError)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Address")
    }
}

/// What became of an append that was not confirmed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unconfirmed {
    /// Somebody else has written first. Nothing was appended.
    #[error("the log has moved on")]
    Moved,
    /// It is larger than the server allows. Nothing was appended.
    #[error("the append is larger than the server allows")]
    TooLarge {
        /// The server's bound in bytes, where it says so.
        limit: Option<usize>,
    },
    /// The server could not be reached or said no. Nothing was appended.
    #[error(transparent)]
    Refused(Unavailable),
    /// The answer is missing: the entries stand in the log, will, or never will.
    #[error(transparent)]
    Doubtful(Unavailable),
}

/// A stream on a cluster. The client behind it is made anew after it has given up.
pub struct Connection {
    settings: ClientSettings,
    stream: String,
    client: Mutex<Option<Client>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connection").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl Connection {
    /// To a stream of a cluster; connects when it is first used.
    pub fn new(address: &Address, stream: &str) -> Self {
        Self { settings: address.0.clone(), stream: stream.to_owned(), client: Mutex::new(None) }
    }

    /// The stream's name.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// What the stream is called when people read of it.
    pub fn name(&self) -> String {
        format!("KurrentDB stream `{}`", self.stream)
    }

    /// The same stream by a client of its own.
    pub(crate) fn another(&self) -> Self {
        Self::new(&Address(self.settings.clone()), &self.stream)
    }

    /// The server's version, once it answers: for a look at whether all is well.
    pub async fn version(&self) -> Result<String, Unavailable> {
        let info = self.within(async { self.client()?.server_info().await.map_err(Failed::from) }).await;
        Ok(info.map_err(Failed::into_unavailable)?.version().to_string())
    }

    /// How many entries stand in the stream.
    pub async fn entries(&self) -> Result<u64, Unavailable> {
        Ok(self.back(None, 1).await?.first().map_or(0, |newest| newest.revision + 1))
    }

    /// What stands in the stream from a revision on, in order: at most `most`, and no more than a few MiB.
    pub(crate) async fn page(&self, from: u64, most: usize) -> Result<Vec<RecordedEvent>, Unavailable> {
        let options = ReadStreamOptions::default().position(StreamPosition::Position(from)).forwards();
        self.read(options.max_count(most)).await
    }

    /// What stands before a revision, the newest first, at most `most`; from the end when it is `None`.
    pub(crate) async fn back(
        &self,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<RecordedEvent>, Unavailable> {
        let from = match before {
            Some(0) => return Ok(Vec::new()),
            Some(before) => StreamPosition::Position(before - 1),
            None => StreamPosition::End,
        };
        self.read(ReadStreamOptions::default().position(from).backwards().max_count(most)).await
    }

    /// The same as [`Connection::page`], where what stands there may be links: each with the event that it leads to.
    pub(crate) async fn page_of_links(
        &self,
        from: u64,
        most: usize,
    ) -> Result<Vec<ResolvedEvent>, Unavailable> {
        let options = ReadStreamOptions::default().position(StreamPosition::Position(from)).forwards();
        self.read_links(options.max_count(most).resolve_link_tos()).await
    }

    async fn read(&self, options: ReadStreamOptions) -> Result<Vec<RecordedEvent>, Unavailable> {
        let found = self.read_links(options).await?;
        Ok(found.into_iter().filter_map(|found| found.link.or(found.event)).collect())
    }

    async fn read_links(&self, options: ReadStreamOptions) -> Result<Vec<ResolvedEvent>, Unavailable> {
        let options = options.requires_leader(true);
        let read = self.within(async {
            let (mut found, mut bytes) = (Vec::new(), 0);
            let mut events = match self.client()?.read_stream(self.stream.as_str(), &options).await {
                Err(Error::ResourceNotFound) => return Ok(found),
                opened => opened?,
            };
            while bytes < PAGE_BYTES {
                let next = match events.next().await {
                    Ok(Some(next)) => next,
                    Ok(None) | Err(Error::ResourceNotFound) => break,
                    Err(cause) => return Err(cause.into()),
                };
                let size = |event: &RecordedEvent| event.data.len() + event.custom_metadata.len();
                bytes += next.event.as_ref().map_or(0, size) + next.link.as_ref().map_or(0, size);
                found.push(next);
            }
            Ok(found)
        });
        read.await.map_err(Failed::into_unavailable)
    }

    /// Appends behind the entry `after`, or to an empty stream, all or none.
    pub(crate) async fn append(&self, after: Option<u64>, events: Vec<EventData>) -> Result<(), Unconfirmed> {
        let state = after.map_or(StreamState::NoStream, StreamState::StreamRevision);
        let options = AppendToStreamOptions::default().stream_state(state).requires_leader(true);
        let last = after.map_or(0, |after| after + 1) + events.len() as u64 - 1;
        let sent = self.within(async {
            Ok(self.client()?.append_to_stream(self.stream.as_str(), &options, events).await?)
        });
        match sent.await {
            Ok(written) if written.next_expected_version == last => Ok(()),
            Ok(written) => Err(Unconfirmed::Doubtful(unavailable(format!(
                "the log says that it ends with entry {}, not {last}",
                written.next_expected_version
            )))),
            Err(failed) => Err(failed.into_unconfirmed()),
        }
    }

    /// A subscription to what stands behind the entry `after`, and to all that comes.
    pub(crate) async fn subscribe(&self, after: Option<u64>) -> Result<Subscription, Unavailable> {
        let from = after.map_or(StreamPosition::Start, StreamPosition::Position);
        let options = SubscribeToStreamOptions::default().start_from(from);
        let client = self.client().map_err(Failed::into_unavailable)?;
        Ok(client.subscribe_to_stream(self.stream.as_str(), &options).await)
    }

    /// The client; a new one where there is none, or where the last one has given up.
    pub(crate) fn client(&self) -> Result<Client, Failed> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let fresh = Client::new(self.settings.clone()).map_err(|cause| Failed::Client(cause.to_string()))?;
        Ok(client.insert(fresh).clone())
    }

    /// Forgets the client: one that could not connect never tries again.
    pub(crate) fn forget(&self) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
        let done = tokio::time::timeout(DEADLINE, work).await.unwrap_or(Err(Failed::Late));
        if let Err(Failed::Call(Error::GrpcConnectionError(_) | Error::ConnectionClosed) | Failed::Late) =
            &done
        {
            self.forget();
        }
        done
    }
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("the client cannot be made: {0}")]
    Client(String),
    #[error(transparent)]
    Call(#[from] Error),
    #[error("no answer within {DEADLINE:?}")]
    Late,
}

impl Failed {
    pub(crate) fn into_unavailable(self) -> Unavailable {
        unavailable(self)
    }

    fn into_unconfirmed(self) -> Unconfirmed {
        match &self {
            Self::Call(Error::WrongExpectedVersion { .. }) => Unconfirmed::Moved,
            Self::Call(Error::Grpc { code: _, message }) if message.contains("Maximum Append Size") => {
                let limit = message.split(' ').find_map(|word| word.parse().ok());
                Unconfirmed::TooLarge { limit }
            }
            // The client has no name for this one. Should its text change, it counts as doubtful, which is never wrong.
            Self::Call(Error::ServerError(message)) if message.contains("client error (Connect)") => {
                Unconfirmed::Refused(unavailable(self))
            }
            // These are said before anything is written, or by a server that has written nothing.
            Self::Client(_)
            | Self::Call(
                Error::GrpcConnectionError(_)
                | Error::ConnectionClosed
                | Error::AccessDenied
                | Error::NotLeaderException(_)
                | Error::ResourceDeleted,
            ) => Unconfirmed::Refused(unavailable(self)),
            _ => Unconfirmed::Doubtful(unavailable(self)),
        }
    }
}

pub(crate) fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("ledger", cause)
}
