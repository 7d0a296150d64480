//! What differs between two JSON documents, by JSON Pointer (RFC 6901).

use serde::Serialize;
use serde_json::Value;

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Change {
    /// A member or an item came.
    Added {
        /// Where.
        path: String,
        /// What it is.
        to: Value,
    },
    /// A member or an item went.
    Removed {
        /// Where.
        path: String,
        /// What it was.
        from: Value,
    },
    /// A value is another one.
    Changed {
        /// Where.
        path: String,
        /// What it was.
        from: Value,
        /// What it is.
        to: Value,
    },
}

/// The differences, in the order of the documents. Equal documents have none.
pub fn diff(from: &Value, to: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    walk(&mut String::new(), from, to, &mut found);
    found
}

fn walk(path: &mut String, from: &Value, to: &Value, found: &mut Vec<Change>) {
    match (from, to) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                within(path, &escape(name), |path| match new.get(name) {
                    Some(other) => walk(path, value, other, found),
                    None => found.push(Change::Removed { path: path.clone(), from: value.clone() }),
                });
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                within(path, &escape(name), |path| {
                    found.push(Change::Added { path: path.clone(), to: value.clone() });
                });
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                within(path, &index.to_string(), |path| match (old.get(index), new.get(index)) {
                    (Some(value), Some(other)) => walk(path, value, other, found),
                    (Some(value), None) => {
                        found.push(Change::Removed { path: path.clone(), from: value.clone() });
                    }
                    (None, Some(value)) => {
                        found.push(Change::Added { path: path.clone(), to: value.clone() });
                    }
                    (None, None) => {}
                });
            }
        }
        _ if from == to => {}
        _ => found.push(Change::Changed { path: path.clone(), from: from.clone(), to: to.clone() }),
    }
}

fn within(path: &mut String, part: &str, then: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push('/');
    path.push_str(part);
    then(path);
    path.truncate(length);
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Change {
    /// In words, for a terminal: `~ /health  "healthy" -> "degraded"`.
    pub fn line(&self) -> String {
        let place = |path: &str| if path.is_empty() { "(all)".to_owned() } else { path.to_owned() };
        match self {
            Self::Added { path, to } => format!("+ {}  {to}", place(path)),
            Self::Removed { path, from } => format!("- {}  {from}", place(path)),
            Self::Changed { path, from, to } => format!("~ {}  {from} -> {to}", place(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(from: &Value, to: &Value) -> Vec<String> {
        diff(from, to).iter().map(Change::line).collect()
    }

    #[test]
    fn each_difference_is_named_by_its_pointer() {
        let from = json!({ "a": 1, "b": { "c": [1, 2, 3], "d/e~f": null }, "same": true });
        let to = json!({ "a": "1", "b": { "c": [1, 3], "g": {} }, "same": true });
        let expected =
            ["~ /a  1 -> \"1\"", "~ /b/c/1  2 -> 3", "- /b/c/2  3", "- /b/d~1e~0f  null", "+ /b/g  {}"];
        assert_eq!(lines(&from, &to), expected);
        assert_eq!(lines(&from, &from), [""; 0]);
        assert_eq!(lines(&json!(null), &json!({ "x": 1 })), ["~ (all)  null -> {\"x\":1}"]);
        for change in diff(&from, &to) {
            let path = serde_json::to_value(&change).unwrap()["path"].as_str().unwrap().to_owned();
            assert!(from.pointer(&path).is_some() || to.pointer(&path).is_some(), "{path}");
        }
    }
}
