use proptest::prelude::*;
use serde_json::{Value, json};

use super::{FRAME, ITEM, Items, NotAList};

/// Takes a text apart, `step` bytes at a time.
fn apart(text: &str, step: usize) -> Result<(Vec<Value>, Option<String>), NotAList> {
    let (mut items, mut found) = (Items::default(), vec![]);
    for part in text.as_bytes().chunks(step.max(1)) {
        items.feed(part, |item| {
            found.push(serde_json::from_slice(item).map_err(|_| NotAList)?);
            Ok(())
        })?;
    }
    Ok((found, items.finish()?))
}

/// A JSON value of any shape, with keys and strings that would confuse a reader that only looks for brackets.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("items".to_owned()),
        Just("\"items\":[".to_owned()),
        Just("a\\\"]}".to_owned()),
        ".{0,8}"
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        word.clone().prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_item_comes_out_wherever_the_bytes_are_cut(
        items in prop::collection::vec(prop::collection::vec(any_json(), 0..3).prop_map(|inner| json!({ "items": inner })), 0..6),
        noise in any_json(), next in ".{0,12}", step in 1..40usize, pretty in any::<bool>(),
    ) {
        let list = json!({ "apiVersion": "v1", "kind": "NodeList", "noise": noise, "metadata": { "continue": next }, "items": items });
        let text = if pretty { serde_json::to_string_pretty(&list) } else { serde_json::to_string(&list) }.expect("JSON");
        let (found, after) = apart(&text, step).expect("a list");
        prop_assert_eq!(found, items);
        prop_assert_eq!(after, Some(next).filter(|next| !next.is_empty()));
    }

    #[test]
    fn whatever_arrives_never_panics(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:\\ itemskind1".to_vec()), 0..200)) {
        let mut items = Items::default();
        if items.feed(&bytes, |_| Ok(())).is_ok() {
            items.finish().ok();
        }
    }
}

#[test]
fn lists_without_items_are_lists() {
    assert_eq!(apart(r#"{"kind":"PodList","metadata":{},"items":null}"#, 3), Ok((vec![], None)));
    assert_eq!(apart(r#"{"kind":"PodList","items":[]}"#, 3), Ok((vec![], None)));
}

#[test]
fn what_is_no_list_is_told() {
    for text in [
        "",
        "null",
        "<html></html>",
        "{}",
        "[]",
        "]",
        r#"{"kind":"Pod"}"#,
        r#"{"kind":"PodList","items":[{}"#,
        r#"{"kind":"PodList","items":[{}]"#,
        r#"{"kind":"PodList","items":[1]}"#,
        r#"{"kind":"PodList","items":["a"]}"#,
        r#"{"kind":"PodList","items":[{]}]}"#,
    ] {
        assert_eq!(apart(text, 7), Err(NotAList), "{text}");
    }
}

#[test]
fn an_endless_item_and_an_endless_frame_are_cut() {
    let mut items = Items::default();
    items.feed(br#"{"kind":"PodList","items":[{"a":""#, |_| Ok(())).expect("so far so good");
    let page = vec![b'x'; 1 << 16];
    let fed = (0..=ITEM / page.len()).try_for_each(|_| items.feed(&page, |_| Ok(())));
    assert_eq!(fed, Err(NotAList));
    assert!(items.item.len() <= ITEM);
    let mut items = Items::default();
    assert_eq!(items.feed(&vec![b' '; FRAME + 1], |_| Ok(())), Err(NotAList));
}
