use proptest::prelude::*;

use super::{AROUND, Portions, sound};
use crate::transport::testing::{json, text};

#[test]
fn portions_keep_to_their_size_and_hold_one_message_at_least() {
    let messages: Vec<_> = (0..5).map(|nth| text(nth, &"x".repeat(100))).collect();
    let mut portions = Portions::new(&messages, 2 * (100 + AROUND));
    let mut seen = Vec::new();
    while let Some(portion) = portions.next() {
        assert_eq!(portions.next(), Some(portion.clone()), "the same until it is taken");
        portions.taken(&portion);
        seen.push(portion);
    }
    assert_eq!(seen, [0..2, 2..4, 4..5]);
    assert_eq!(Portions::new(&messages, 1).next(), Some(0..1));
    assert_eq!(Portions::new(&[], 1).next(), None);
}

#[test]
fn what_is_not_what_it_says_is_seen() {
    let mut messages = vec![json(0), text(1, "CEF:0|"), json(2)];
    assert_eq!(sound(&messages), 3);
    messages[2].body = b"[1]".to_vec();
    assert_eq!(sound(&messages), 2);
    messages[2].body = b"{\"a\":".to_vec();
    assert_eq!(sound(&messages), 2);
    messages[1].body = vec![0xff];
    assert_eq!(sound(&messages), 1);
}

proptest! {
    /// However the other side names its suspects, the poison is found, and everything before it is taken in order.
    #[test]
    fn the_one_that_is_refused_is_found(
        length in 1_usize..40, poison in 0_usize..40, lie in proptest::option::of(0_usize..50), most in 1_usize..20_000,
    ) {
        let messages: Vec<_> = (0..length).map(|nth| text(nth as u128, "x")).collect();
        let mut portions = Portions::new(&messages, most);
        let (mut taken, mut found) = (0, None);
        while let Some(portion) = portions.next() {
            prop_assert_eq!(portion.start, taken);
            if portion.contains(&poison) {
                if !portions.narrow(&portion, lie) {
                    found = Some(portion.start);
                    break;
                }
            } else {
                taken = portion.end;
                portions.taken(&portion);
            }
        }
        prop_assert_eq!(found, (poison < length).then_some(poison));
        prop_assert_eq!(taken, poison.min(length));
    }
}
