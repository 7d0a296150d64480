//! Witnesses of the ledger, over HTTP ([C2SP tlog-witness](https://c2sp.org/tlog-witness)).

use std::time::Duration;

use async_trait::async_trait;
use hub_domain::ledger::{AddCheckpoint, Algorithm, KeyError, NOTE_LIMIT, VerifierKey};
use hub_projections::proof::{Witness, WitnessError};
use reqwest::{Client, StatusCode, Url, redirect};

/// How long a witness may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// Letters of a refusal that are passed on.
const SHOWN: usize = 200;

/// Why a line names no witness.
#[derive(Debug, thiserror::Error)]
pub enum WitnessConfigError {
    /// It is not of this form.
    #[error("line {0}: a witness is a verifier key, a space, and the address of its submission prefix")]
    Form(usize),
    /// The key cannot be read.
    #[error("line {line}: {cause}")]
    Key {
        /// Which line.
        line: usize,
        /// Why not.
        cause: KeyError,
    },
    /// The key is one of a log.
    #[error("line {0}: the key is not one of a witness (cosignature/v1)")]
    Algorithm(usize),
    /// The address cannot be used.
    #[error("line {0}: the address must be one of http or https")]
    Address(usize),
    /// The client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// One witness behind an address.
#[derive(Clone, Debug)]
pub struct HttpWitness {
    key: VerifierKey,
    url: Url,
    client: Client,
}

/// Reads witnesses: each a line of a verifier key and an address; `#` begins a remark.
pub fn read(text: &str) -> Result<Vec<HttpWitness>, WitnessConfigError> {
    // What a witness has cosigned is not to be had at another address.
    let client = Client::builder().timeout(DEADLINE).redirect(redirect::Policy::none()).build()?;
    let lines = text.lines().enumerate().map(|(nth, line)| (nth + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(nth, line)| witness(nth, line, &client))
        .collect()
}

fn witness(line: usize, text: &str, client: &Client) -> Result<HttpWitness, WitnessConfigError> {
    let (key, url) = text.split_once(' ').ok_or(WitnessConfigError::Form(line))?;
    let key: VerifierKey = key.parse().map_err(|cause| WitnessConfigError::Key { line, cause })?;
    if key.algorithm() != Algorithm::CosignatureV1 {
        return Err(WitnessConfigError::Algorithm(line));
    }
    let address = || WitnessConfigError::Address(line);
    let url: Url =
        format!("{}/add-checkpoint", url.trim().trim_end_matches('/')).parse().map_err(|_| address())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(address());
    }
    Ok(HttpWitness { key, url, client: client.clone() })
}

#[async_trait]
impl Witness for HttpWitness {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    async fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<String, WitnessError> {
        let unavailable = |cause: reqwest::Error| WitnessError::Unavailable(cause.without_url().into());
        let answer =
            self.client.post(self.url.clone()).body(request.to_string()).send().await.map_err(unavailable)?;
        let status = answer.status();
        let text = bounded(answer).await.map_err(unavailable)?;
        match status {
            StatusCode::OK => Ok(text),
            StatusCode::CONFLICT => {
                let size = text.trim_end_matches('\n').parse();
                size.map_or_else(|_| Err(refused(status, &text)), |size| Err(WitnessError::Conflict(size)))
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(WitnessError::Unavailable(format!("status {status}").into()))
            }
            status => Err(refused(status, &text)),
        }
    }
}

fn refused(status: StatusCode, text: &str) -> WitnessError {
    let text = text.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
    WitnessError::Refused { status: status.as_u16(), text }
}

/// The answer's text, as long as a note may be: nobody makes the hub keep more.
async fn bounded(mut answer: reqwest::Response) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        let room = NOTE_LIMIT - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes.len() == NOTE_LIMIT {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
