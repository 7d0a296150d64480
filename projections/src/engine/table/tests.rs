//! COPY's text format.

use serde::Serialize;
use serde_json::json;

use super::{Column, Shape};

#[derive(Serialize)]
struct Thing {
    text: &'static str,
    number: u64,
    flag: bool,
    nothing: Option<u8>,
    list: Vec<&'static str>,
    json: serde_json::Value,
    word: serde_json::Value,
}

fn shape(columns: &[(&str, bool)]) -> Shape {
    let columns = columns
        .iter()
        .map(|(name, is_array)| Column {
            name: (*name).to_owned(),
            is_array: *is_array,
            is_document: *name == "json" || *name == "word",
        })
        .collect();
    Shape { analyze: String::new(), copy: String::new(), columns }
}

#[test]
fn a_line_holds_every_column_escaped() {
    let thing = Thing {
        text: "a\tb\nc\\d\re",
        number: 7,
        flag: true,
        nothing: None,
        list: vec!["x", "y\"z", "w\\"],
        json: json!({"k": "back\\slash \"quote\""}),
        word: json!("w"),
    };
    let columns = [
        ("number", false),
        ("text", false),
        ("nothing", false),
        ("absent", false),
        ("flag", false),
        ("list", true),
        ("json", false),
        ("word", false),
    ];
    let mut line = String::new();
    shape(&columns).line(&mut line, &thing).unwrap();
    let expected = [
        "7",
        r"a\tb\nc\\d\re",
        r"\N",
        r"\N",
        "true",
        r#"{"x","y\\"z","w\\\\"}"#,
        r#"{"k":"back\\\\slash \\"quote\\""}"#,
        r#""w""#,
    ];
    assert_eq!(line, format!("{}\n", expected.join("\t")));
}

#[test]
fn a_list_in_a_json_column_stays_json() {
    let thing = Thing {
        text: "\\N",
        number: 0,
        flag: false,
        nothing: Some(1),
        list: vec!["x"],
        json: json!([1]),
        word: json!(1),
    };
    let mut line = String::new();
    shape(&[("list", false), ("text", false), ("json", false)]).line(&mut line, &thing).unwrap();
    assert_eq!(line, "[\"x\"]\t\\\\N\t[1]\n");
}
