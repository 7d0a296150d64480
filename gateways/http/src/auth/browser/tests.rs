use super::*;

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

#[test]
fn one_cookie_is_a_token() {
    for cookies in [
        &[("cookie", "clustermaster_refresh=abc-_9")][..],
        &[("cookie", "theme=dark; clustermaster_refresh=abc-_9; other=1")],
        &[("cookie", "theme=dark"), ("cookie", "clustermaster_refresh=abc-_9")],
        &[("cookie", "clustermaster_refresh=abc-_9"), ("sec-fetch-site", "same-origin")],
        &[("cookie", "clustermaster_refresh=abc-_9"), ("sec-fetch-site", "none")],
    ] {
        let headers = headers(cookies);
        assert_eq!(token(&headers).unwrap().expose_secret(), "abc-_9", "{cookies:?}");
        assert!(sent(&headers));
    }
}

#[test]
fn anything_else_is_no_session() {
    for cookies in [
        &[][..],
        &[("cookie", "clustermaster_refresh=")],
        &[("cookie", "clustermaster_refresh")],
        &[("cookie", "xclustermaster_refresh=a")],
        &[("cookie", "Clustermaster_refresh=a")],
        &[("cookie", "clustermaster_refresh=a; clustermaster_refresh=b")],
        &[("cookie", "clustermaster_refresh=a"), ("cookie", "clustermaster_refresh=a")],
    ] {
        let problem = token(&headers(cookies)).unwrap_err();
        assert_eq!(problem.entry(), Entry::UNAUTHENTICATED, "{cookies:?}");
        assert_eq!(problem.errors()[0].pointer.as_deref(), Some("/refresh_token"));
    }
    for site in ["cross-site", "same-site", "", "Same-Origin", "something-new"] {
        let headers = headers(&[("cookie", "clustermaster_refresh=a"), ("sec-fetch-site", site)]);
        let problem = token(&headers).unwrap_err();
        assert_eq!(problem.entry(), Entry::UNAUTHENTICATED, "{site}");
        assert_eq!(problem.errors()[0].header.as_deref(), Some("Sec-Fetch-Site"));
    }
}
