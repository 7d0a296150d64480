//! What a client would rather have (RFC 9110, section 12.5.1), where a route can tell the same in two ways.

use axum::http::{HeaderMap, header};

/// A weight in thousandths.
type Weight = u16;
const WHOLE: Weight = 1000;

/// Whether the client asks for server-sent events by name, and for JSON less. Everything else gets JSON, as it does from every
/// route: a header that nothing here satisfies is as good as none.
pub fn wants_stream(headers: &HeaderMap) -> bool {
    let weight = |wanted: &str| {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).filter_map(|range| weighed(range, wanted)).max()
    };
    match weight("text/event-stream") {
        None | Some(0) => false,
        Some(stream) => weight("application/json").is_none_or(|json| json < stream),
    }
}

/// The weight of a range, when it names this media type; parameters of the type itself do not matter here.
fn weighed(range: &str, wanted: &str) -> Option<Weight> {
    let mut parts = range.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(wanted) {
        return None;
    }
    let weight = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim_end().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())
    });
    match weight {
        None => Some(WHOLE),
        // One that breaks the format is as good as a refusal: what was meant cannot be told.
        Some(weight) => {
            weight.filter(|weight| (0.0..=1.0).contains(weight)).map(|weight| (weight * 1000.0) as Weight)
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn asked(accept: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, HeaderValue::from_static(value));
        }
        wants_stream(&headers)
    }

    #[test]
    fn a_stream_goes_to_whoever_names_it_and_wants_json_less() {
        for accept in [
            "text/event-stream",
            "Text/Event-Stream ; charset=utf-8",
            "text/event-stream, */*",
            "application/json;q=0.5, text/event-stream;q=0.501",
            "text/html, text/event-stream; Q=0.1",
        ] {
            assert!(asked(&[accept]), "{accept}");
        }
        assert!(asked(&["application/json;q=0.2", "text/event-stream"]), "two headers are one list");
    }

    #[test]
    fn everybody_else_gets_json() {
        assert!(!asked(&[]));
        for accept in [
            "*/*",
            "text/*",
            "application/json",
            "application/json, text/event-stream",
            "text/event-stream;q=0.9, application/json",
            "text/event-stream;q=0",
            "text/event-stream;q=0.0, */*",
            "text/event-stream;q=much",
            "text/event-stream;q=2",
            "text/event-streams",
            "image/png",
            ";",
        ] {
            assert!(!asked(&[accept]), "{accept}");
        }
    }
}
