//! Sums and buckets, apart from any database; tables are compared in `tests/e2e`.

use proptest::prelude::*;
use serde_json::json;

use super::sums::{Buckets, Line, Sums};

fn line(id: u8, value: u8) -> Line {
    Line::raw(json!({ "tenant": uuid::Uuid::nil(), "id": id.to_string(), "valid_from": 1, "value": value }))
}

proptest! {
    /// The same rows in another order have the same sums; one altered, lost or added row shows in its own bucket.
    #[test]
    fn equal_sides_balance_and_others_do_not(ids in prop::collection::btree_set(any::<u8>(), 1..60), at: prop::sample::Index, how in 0..4) {
        let ids: Vec<u8> = ids.into_iter().collect();
        let chosen = *at.get(&ids);
        let mut sums = Sums::default();
        for id in &ids {
            sums.expect(&line(*id, 0));
        }
        for id in ids.iter().rev() {
            match (how, *id == chosen) {
                (1, true) => sums.find(&line(*id, 1)),
                (2, true) => {}
                (3, true) => {
                    sums.find(&line(*id, 0));
                    sums.find(&line(*id, 0));
                }
                _ => sums.find(&line(*id, 0)),
            }
        }
        prop_assert_eq!(sums.expected(), ids.len() as u64);
        let suspicious = sums.suspicious(1000);
        if how == 0 {
            prop_assert!(suspicious.is_empty());
        } else {
            prop_assert_eq!(suspicious.len(), 1);
            prop_assert!(suspicious[0].hold(line(chosen, 0).bucket()));
            prop_assert_eq!(sums.surplus(&suspicious[0]), [(0, 0), (1, 0), (0, 1)][how as usize - 1]);
        }
    }

    /// Groups hold every suspicious bucket once, and no more rows than they may unless a bucket alone has more.
    #[test]
    fn groups_are_bounded(ids in prop::collection::vec(any::<u8>(), 1..200), most in 1_u64..20) {
        let mut sums = Sums::default();
        for id in &ids {
            sums.expect(&line(*id, 0));
        }
        let groups = sums.suspicious(most);
        for id in &ids {
            let bucket = line(*id, 0).bucket();
            prop_assert_eq!(groups.iter().filter(|group| group.hold(bucket)).count(), 1);
        }
        for group in groups {
            prop_assert!(sums.surplus(&group).0 <= most || !group.can_part());
        }
    }
}

#[test]
fn halves_are_all_of_it() {
    let mut parts = vec![Buckets::all()];
    while parts.len() < 8 {
        parts = parts.iter().flat_map(Buckets::halves).collect();
    }
    for bucket in 0..4096 {
        assert_eq!(parts.iter().filter(|part| part.hold(bucket)).count(), 1, "{bucket}");
    }
}
