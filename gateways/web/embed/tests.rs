use std::collections::BTreeMap;
use std::io::Read as _;

use http::Request;

use super::*;

/// Files that a test makes up.
#[derive(Clone, Debug)]
struct Folder(BTreeMap<&'static str, &'static str>);

impl Files for Folder {
    fn get(&self, name: &str) -> Option<File> {
        Some(File::new(Bytes::from_static(self.0.get(name)?.as_bytes())))
    }
}

const PAGE: &str = r#"<!doctype html><html><head><base href="/" /></head></html>"#;

fn folder() -> Folder {
    Folder(BTreeMap::from([
        (".stamp", "secret of the build"),
        ("index.html", PAGE),
        ("index.html.br", "page in br"),
        ("favicon.svg", "<svg/>"),
        ("manifest.webmanifest", "{}"),
        ("assets/index-C0ffee12.js", "plain"),
        ("assets/index-C0ffee12.js.br", "in br"),
        ("assets/index-C0ffee12.js.gz", "in gzip"),
        ("assets/index-C0ffee12.css", "a{}"),
        ("assets/index-C0ffee12.css.gz", "css in gzip"),
        ("assets/font-C0ffee12.woff2", "font"),
        ("download.gz", "a file of its own"),
    ]))
}

fn ask(site: &Site<Folder>, method: &str, path: &str, headers: &[(&str, &str)]) -> Option<Response<Bytes>> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.answer(&request.body(()).unwrap().into_parts().0)
}

fn get(path: &str, headers: &[(&str, &str)]) -> Option<Response<Bytes>> {
    ask(&Site::of(folder(), "", false), "GET", path, headers)
}

fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap();
    plain
}

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[test]
fn what_is_named_by_its_hash_is_kept_for_ever() {
    let script = get("/assets/index-C0ffee12.js", &[]).unwrap();
    assert_eq!((script.status(), &script.body()[..]), (StatusCode::OK, &b"plain"[..]));
    assert_eq!(header(&script, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&script, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header(&script, "content-length"), "5");
    for path in ["/", "/index.html", "/favicon.svg", "/manifest.webmanifest"] {
        assert_eq!(header(&get(path, &[]).unwrap(), "cache-control"), "no-cache", "{path}");
    }
}

#[test]
fn files_say_what_they_are() {
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/assets/index-C0ffee12.css", "text/css; charset=utf-8"),
        ("/assets/font-C0ffee12.woff2", "font/woff2"),
        ("/favicon.svg", "image/svg+xml"),
        ("/manifest.webmanifest", "application/manifest+json"),
    ] {
        assert_eq!(header(&get(path, &[]).unwrap(), "content-type"), kind, "{path}");
    }
}

#[test]
fn the_smallest_form_that_the_client_takes_goes_out() {
    for (accepted, encoding, body) in [
        ("gzip, deflate, br, zstd", "br", "in br"),
        ("gzip", "gzip", "in gzip"),
        ("GZIP;q=0.1", "gzip", "in gzip"),
        ("br;q=0, gzip", "gzip", "in gzip"),
        ("br; q=0.000, *", "gzip", "in gzip"),
        ("*", "br", "in br"),
        ("identity", "", "plain"),
        ("zstd", "", "plain"),
        ("*;q=0", "", "plain"),
        ("", "", "plain"),
    ] {
        let script = get("/assets/index-C0ffee12.js", &[("accept-encoding", accepted)]).unwrap();
        assert_eq!(
            (header(&script, "content-encoding"), &script.body()[..]),
            (encoding, body.as_bytes()),
            "{accepted}"
        );
        assert_eq!(header(&script, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&script, "vary"), "Accept-Encoding");
        assert_eq!(header(&script, "content-length"), body.len().to_string());
    }
    // Where there is no such form the next one goes.
    let style = get("/assets/index-C0ffee12.css", &[("accept-encoding", "br, gzip")]).unwrap();
    assert_eq!(header(&style, "content-encoding"), "gzip");
    let font = get("/assets/font-C0ffee12.woff2", &[("accept-encoding", "br, gzip")]).unwrap();
    assert_eq!((header(&font, "content-encoding"), header(&font, "vary")), ("", "Accept-Encoding"));
    assert_eq!(header(&get("/", &[("accept-encoding", "br")]).unwrap(), "content-encoding"), "br");
}

#[test]
fn packed_and_hidden_files_have_no_address() {
    for path in ["/assets/index-C0ffee12.js.br", "/assets/index-C0ffee12.js.gz", "/index.html.br", "/.stamp"]
    {
        assert!(get(path, &[]).is_none(), "{path}");
        assert!(get(path, &[BROWSER]).is_none(), "{path}");
    }
    assert!(get("/download.gz", &[]).is_some());
}

#[test]
fn what_is_known_is_not_sent_again() {
    let page = get("/", &[]).unwrap();
    let tag = header(&page, "etag").to_owned();
    assert!(tag.len() == 34 && tag.starts_with('"'), "{tag}");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
        let again = get("/", &[("if-none-match", &known)]).unwrap();
        assert_eq!((again.status(), again.body().len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
        assert_eq!(header(&again, "etag"), tag);
        assert_eq!(
            (header(&again, "cache-control"), header(&again, "vary")),
            ("no-cache", "Accept-Encoding")
        );
        assert!(header(&again, "content-security-policy").contains("default-src 'none'"));
    }
    assert_eq!(get("/", &[("if-none-match", "\"other\"")]).unwrap().status(), StatusCode::OK);
    // Other bytes have another tag: a cache must not hand out the one for the other.
    let packed = get("/", &[("accept-encoding", "br"), ("if-none-match", &tag)]).unwrap();
    assert_eq!(packed.status(), StatusCode::OK);
    assert_ne!(header(&packed, "etag"), tag);
}

#[test]
fn only_reading_is_answered() {
    let site = Site::of(folder(), "", false);
    let (head, page) = (ask(&site, "HEAD", "/", &[]).unwrap(), ask(&site, "GET", "/", &[]).unwrap());
    assert_eq!((head.status(), head.headers()), (page.status(), page.headers()));
    assert!(head.body().is_empty() && !page.body().is_empty());
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for path in ["/", "/favicon.svg", "/assets/index-C0ffee12.js"] {
            let refused = ask(&site, method, path, &[BROWSER]).unwrap();
            assert_eq!(
                (refused.status(), header(&refused, "allow")),
                (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD")
            );
        }
        assert!(ask(&site, method, "/clusters", &[BROWSER]).is_none());
    }
}

#[test]
fn links_into_the_interface_are_its_own() {
    for path in
        ["/clusters", "/clusters/cluster_01jd8kz3f6e5t9m2v7q4x1r0ab", "/audit/", "/clusters?sort=name"]
    {
        let page = get(path, &[BROWSER]).unwrap();
        assert_eq!((page.status(), &page.body()[..]), (StatusCode::OK, PAGE.as_bytes()), "{path}");
        assert_eq!(header(&page, "cache-control"), "no-cache");
        for accepted in ["*/*", "application/json", "text/html;q=0", ""] {
            assert!(get(path, &[("accept", accepted)]).is_none(), "{path} {accepted}");
        }
        assert!(get(path, &[]).is_none(), "{path}");
    }
    // What looks for a file is told that there is none.
    for path in [
        "/assets/gone-C0ffee12.js",
        "/assets/gone",
        "/robots.txt",
        "/a/b.php",
        "/../index.html",
        "//favicon.svg",
    ] {
        assert!(get(path, &[BROWSER]).is_none(), "{path}");
    }
}

#[test]
fn browsers_are_told_what_the_page_may() {
    for (path, wanted) in [("/", StatusCode::OK), ("/favicon.svg", StatusCode::OK)] {
        let answer = get(path, &[]).unwrap();
        assert_eq!(answer.status(), wanted);
        let policy = header(&answer, "content-security-policy");
        for rule in ["default-src 'none'", "script-src 'self'", "base-uri 'self'", "frame-ancestors 'none'"] {
            assert!(policy.split("; ").any(|part| part == rule), "{rule} in {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(header(&answer, name), value, "{name}");
        }
        assert!(header(&answer, "permissions-policy").contains("camera=()"));
    }
    let secure = ask(&Site::of(folder(), "", true), "GET", "/", &[]).unwrap();
    assert!(header(&secure, "strict-transport-security").starts_with("max-age="));
}

#[test]
fn the_page_knows_its_prefix() {
    let site = Site::of(folder(), "/hub", false);
    let page = ask(&site, "GET", "/", &[("accept-encoding", "gzip")]).unwrap();
    assert_eq!(page.body(), r#"<!doctype html><html><head><base href="/hub/" /></head></html>"#);
    assert_eq!(header(&page, "content-encoding"), "");
    // The packed form that the build has made has the other base: this one was made anew.
    for accepted in ["br", "gzip, br;q=0.1", "*"] {
        let packed = ask(&site, "GET", "/clusters", &[BROWSER, ("accept-encoding", accepted)]).unwrap();
        assert_eq!((header(&packed, "content-encoding"), header(&packed, "vary")), ("br", "Accept-Encoding"));
        assert_eq!(header(&packed, "content-length"), packed.body().len().to_string());
        assert_ne!(header(&packed, "etag"), header(&page, "etag"));
        assert_eq!(unpacked(packed.body()), page.body()[..]);
        let known = [("accept-encoding", accepted), ("if-none-match", header(&packed, "etag"))];
        assert_eq!(ask(&site, "GET", "/", &known).unwrap().status(), StatusCode::NOT_MODIFIED);
    }
    for refused in ["br;q=0", "identity", "*;q=0"] {
        let plain = ask(&site, "GET", "/", &[("accept-encoding", refused)]).unwrap();
        assert_eq!((header(&plain, "content-encoding"), plain.body()), ("", page.body()), "{refused}");
    }
    let plain = get("/", &[]).unwrap();
    assert_eq!(plain.body(), PAGE);
    assert_ne!(header(&page, "etag"), header(&plain, "etag"));
    assert_eq!(ask(&site, "GET", "/index.html", &[]).unwrap().body(), page.body());
    assert!(ask(&site, "GET", "/assets/index-C0ffee12.js", &[]).is_some());
}

#[test]
fn without_an_interface_the_page_says_how_to_get_it() {
    let site = Site::of(Folder(BTreeMap::from([(".stamp", "x")])), "/hub", false);
    assert!(!site.is_built() && Site::of(folder(), "", false).is_built());
    let page = ask(&site, "GET", "/", &[]).unwrap();
    assert_eq!((page.status(), header(&page, "content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    let text = std::str::from_utf8(page.body()).unwrap();
    for wanted in
        ["<html lang=\"en\">", "Node.js 20.19", "npm", "make run", "href=\"/hub/openapi.json\"", "light dark"]
    {
        assert!(text.contains(wanted), "{wanted}");
    }
    // The policy allows neither in the page itself.
    assert!(!text.contains("<script") && !text.contains("<style") && !text.contains("style="));
    assert_eq!(ask(&site, "POST", "/", &[]).unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(ask(&site, "GET", "/favicon.ico", &[]).is_none());
}
