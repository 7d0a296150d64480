//! Syslog over TCP and TLS (RFC 6587, section 3.4.1; RFC 5425): octets are counted, nothing is acknowledged.
//!
//! So a portion is a connection. The hub sends it and closes its side; the receiver, which sees the end only behind all that
//! was sent, closes its own. A connection that ends in any other way says nothing of what was read, and its portion is sent
//! again. What a receiver has read and not yet stored when it crashes is lost: that is beyond the protocol.

mod frame;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use hub_domain::export::Tls;
use hub_projections::outlet::Undelivered;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::{self, Address};
use super::fault::away;
use super::portions::Portions;
use super::{Message, OpenError, Secrets, Settings, Transport, tls};

/// How much is written at once: each such part has its own deadline.
const PART: usize = 64 * 1024;
/// What a reset needs at least to arrive, beside the round trips.
const GRACE: Duration = Duration::from_millis(2);
/// Sequence ids are at most this (RFC 5424, section 7.3.1).
const LAST_SEQUENCE: u32 = 2_147_483_647;

/// A receiver of syslog.
pub(crate) struct Syslog {
    address: Address,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    settings: Settings,
    /// The sequence id of the next message that has not arrived yet.
    next: AtomicU32,
    /// Portions go one after the other.
    turn: tokio::sync::Mutex<()>,
}

impl Syslog {
    pub(crate) fn open(
        address: &str,
        tls: Option<&Tls>,
        secrets: &Secrets,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let address = address::host_and_port(address, "/address", settings)?;
        if !frame::is_host(&settings.host) {
            return Err(OpenError::transport(
                "",
                "needs a hub whose host name is letters, digits, `.` and `-`",
            ));
        }
        let tls = match tls {
            None if settings.allow_plaintext => {
                secrets.only(&[])?;
                None
            }
            None => return Err(OpenError::transport("/tls", "must be there: nothing is sent in the clear")),
            Some(tls) => {
                secrets.only(&tls::CERTIFICATE)?;
                let config: ClientConfig = tls::client(tls, secrets)?;
                let name = tls.server_name.clone().unwrap_or_else(|| address.host.clone());
                let name = ServerName::try_from(name)
                    .map_err(|_| OpenError::transport("/address", "must name a host"))?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
        };
        let (next, turn) = (AtomicU32::new(1), tokio::sync::Mutex::default());
        Ok(Self { address, tls, settings: settings.clone(), next, turn })
    }

    /// Sends frames over a connection of their own; they have arrived once it is closed by both sides.
    async fn deliver(&self, frames: &[u8]) -> io::Result<()> {
        let (stream, round_trip) = self.address.connect(&self.settings).await?;
        let within = self.settings.answer_within;
        let stream = if let Some((connector, name)) = &self.tls {
            let handshake = timeout(self.settings.connect_within, connector.connect(name.clone(), stream));
            let mut stream = handshake.await.map_err(|_| late("the TLS handshake"))??;
            exchange(&mut stream, frames, within).await?;
            stream.into_inner().0
        } else {
            let mut stream = stream;
            exchange(&mut stream, frames, within).await?;
            stream
        };
        settled(&stream, round_trip).await
    }
}

fn late(what: &str) -> io::Error {
    io::Error::other(format!("{what} took too long"))
}

/// Writes everything, closes the hub's side, and waits until the other side closes its own.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    frames: &[u8],
    within: Duration,
) -> io::Result<()> {
    for part in frames.chunks(PART) {
        timeout(within, stream.write_all(part)).await.map_err(|_| late("writing"))??;
    }
    timeout(within, stream.flush()).await.map_err(|_| late("writing"))??;
    // An end that was there before the hub's own is none that answers it.
    let mut byte = [0];
    let early = pin!(stream.read(&mut byte)).now_or_never();
    if let Some(0) = early.transpose()? {
        return Err(io::Error::other("the receiver has closed the connection"));
    }
    timeout(within, stream.shutdown()).await.map_err(|_| late("closing"))??;
    let closed = async {
        let mut rest = [0; 1024];
        loop {
            match stream.read(&mut rest).await {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                // Of TLS: the other side has ended the connection below it, as rsyslog does.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    };
    timeout(within, closed).await.map_err(|_| {
        io::Error::other("the receiver does not close: nothing tells that it has read everything")
    })?
}

/// A receiver that went away before it had read everything has closed its side, too; but its system then answers what arrives
/// with a reset, a round trip later.
async fn settled(stream: &TcpStream, round_trip: Duration) -> io::Result<()> {
    tokio::time::sleep(2 * round_trip + GRACE).await;
    match stream.take_error()? {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

#[async_trait]
impl Transport for Syslog {
    async fn send(&self, messages: &[Message]) -> Result<(), Undelivered> {
        let _turn = self.turn.lock().await;
        let mut portions = Portions::new(messages, self.settings.max_batch_bytes);
        while let Some(portion) = portions.next() {
            let mut sequence = self.next.load(Ordering::Relaxed);
            let mut frames = Vec::new();
            for message in &messages[portion.clone()] {
                frame::write(&mut frames, message, &self.settings.host, sequence);
                sequence = if sequence == LAST_SEQUENCE { 1 } else { sequence + 1 };
            }
            if let Err(error) = self.deliver(&frames).await {
                return Err(away(portion.start, format!("syslog: {error}")));
            }
            // Only now: what is sent again bears the numbers that it had.
            self.next.store(sequence, Ordering::Relaxed);
            portions.taken(&portion);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
