//! In which form a file goes out. Nothing is packed while somebody waits: the build has done it, or the start, or it goes plain.

use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use http::{HeaderMap, header};

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli.
    Br,
    /// Gzip.
    Gzip,
    /// Not at all.
    Plain,
}

impl Encoding {
    /// The smallest first.
    pub const PACKED: [Self; 2] = [Self::Br, Self::Gzip];

    /// What the name of the packed file has more.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Br => ".br",
            Self::Gzip => ".gz",
            Self::Plain => "",
        }
    }

    /// What `Content-Encoding` says.
    pub fn token(self) -> Option<&'static str> {
        match self {
            Self::Br => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Plain => None,
        }
    }
}

/// Packs by Brotli, as tightly as it goes: for what is made once and served for long.
pub fn packed(plain: &[u8]) -> Option<Bytes> {
    let params =
        BrotliEncoderParams { quality: 11, size_hint: plain.len(), ..BrotliEncoderParams::default() };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &*plain, &mut packed, &params).ok()?;
    Some(packed.into())
}

/// The packings that a client takes, the smallest first (RFC 9110, section 12.5.3).
pub fn accepted(headers: &HeaderMap) -> impl Iterator<Item = Encoding> {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let (mut named, mut rest) = (Vec::new(), false);
    for range in values.flat_map(|value| value.split(',')) {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        let (name, taken) = (name.trim().to_ascii_lowercase(), !refused(parameters));
        if name == "*" {
            rest = taken;
        } else {
            named.push((name, taken));
        }
    }
    Encoding::PACKED.into_iter().filter(move |encoding| {
        let said = named.iter().find(|(name, _)| Some(name.as_str()) == encoding.token());
        said.map_or(rest, |(_, taken)| *taken)
    })
}

/// Whether the parameters of a range give it the weight 0.
pub fn refused(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let weight =
            parameter.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.trim_start().strip_prefix('='));
        weight.is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
    })
}
