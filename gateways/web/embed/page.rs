//! The one page of the interface, and what stands in for it where it was not built.

use bytes::Bytes;

/// How the page names the place below which it lies, as the build leaves it.
const BASE: &str = r#"<base href="/" />"#;

/// The page below a prefix.
pub fn based(page: &Bytes, prefix: &str) -> Bytes {
    match std::str::from_utf8(page) {
        Ok(text) => text.replacen(BASE, &format!(r#"<base href="{prefix}/" />"#), 1).into(),
        Err(_) => page.clone(),
    }
}

/// Says how to get the interface. Without a style or a script: the browser's own colours, light or dark.
pub fn not_built(prefix: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>ClusterMaster: the web interface was not built</title>
</head>
<body>
<main>
<h1>ClusterMaster is running</h1>
<p>This hub was built without its web interface: most likely Node.js was missing or too old when it was built.</p>
<h2>How to get the interface</h2>
<ol>
<li>Install Node.js 20.19 or newer, and npm.</li>
<li>Stop the hub, and start it again with <code>make run</code>: that builds the interface as well.</li>
</ol>
<h2>What works without it</h2>
<p>The API, all of it: <a href="{prefix}/openapi.json">its OpenAPI document</a> describes every route.</p>
</main>
</body>
</html>
"#
    )
}
