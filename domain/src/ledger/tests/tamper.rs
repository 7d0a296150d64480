//! Anything that is done to a ledger is detected, wherever it is done.

use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

use super::super::{Fault, Hash, Head, Recorded, sha256};
use super::log::entries;
use super::{faults, heads, log_of, named, rehash, renumber};

/// The row with one bit flipped, for each byte of each stored field; what is flipped is said.
fn flips(event: &Recorded, bit: u8) -> Vec<(String, Recorded)> {
    let mut all = Vec::new();
    let mut flip = |field: &str, length: usize, alter: &dyn Fn(&mut Recorded, usize)| {
        for byte in 0..length {
            let mut altered = event.clone();
            alter(&mut altered, byte);
            assert_ne!(&altered, event);
            all.push((format!("{field}, byte {byte}, bit {bit}"), altered));
        }
    };
    // A text stays one: the lower bits of ASCII.
    let text = |text: &mut String, byte: usize| {
        let mut bytes = std::mem::take(text).into_bytes();
        bytes[byte] ^= 1 << (bit % 7);
        *text = String::from_utf8(bytes).expect("still ASCII");
    };
    let id = |id: &mut Uuid, byte: usize| {
        let mut bytes = *id.as_bytes();
        bytes[byte] ^= 1 << bit;
        *id = Uuid::from_bytes(bytes);
    };
    let mask = |byte: usize| 1_u64 << (byte * 8 + usize::from(bit));
    flip("position", 8, &|event, byte| event.position ^= mask(byte));
    flip("tenant", 16, &|event, byte| id(&mut event.tenant, byte));
    flip("sequence", 8, &|event, byte| event.sequence ^= mask(byte));
    flip("stream", event.stream.len(), &|event, byte| text(&mut event.stream, byte));
    flip("revision", 8, &|event, byte| event.revision ^= mask(byte));
    flip("event id", 16, &|event, byte| id(&mut event.event_id, byte));
    flip("command id", 16, &|event, byte| id(&mut event.command_id, byte));
    flip("recorded at", 8, &|event, byte| event.recorded_at ^= mask(byte) as i64);
    flip("event type", event.event_type.len(), &|event, byte| text(&mut event.event_type, byte));
    flip("schema version", 2, &|event, byte| event.schema_version ^= mask(byte) as u16);
    flip("actor", event.actor.len(), &|event, byte| text(&mut event.actor, byte));
    flip("metadata", event.metadata.len(), &|event, byte| event.metadata[byte] ^= 1 << bit);
    flip("payload", event.payload.len(), &|event, byte| event.payload[byte] ^= 1 << bit);
    flip("leaf hash", 32, &|event, byte| event.leaf_hash.0[byte] ^= 1 << bit);
    all
}

#[test]
fn every_flipped_bit_of_every_field_is_named_in_its_row_and_in_no_other() {
    let entries = [(0, 0), (1, 0), (0, 1), (0, 0), (1, 0), (1, 1), (0, 0), (2, 0), (0, 1), (1, 0)];
    let clean = log_of(&entries);
    let known: Vec<Head> = (1..=clean.len()).flat_map(|size| heads(&clean[..size])).collect();
    for row in 0..clean.len() {
        for (what, altered) in (0..8).flat_map(|bit| flips(&clean[row], bit)) {
            let mut events = clean.clone();
            events[row] = altered;
            let found = faults(&events, &[]);
            if what.starts_with("tenant") {
                // The row turns up in one ledger, and is missed in the other: there the next row says so.
                let behind = clean[row + 1..].iter().find(|event| event.tenant == clean[row].tenant);
                let places: Vec<u64> =
                    [Some(&clean[row]), behind].into_iter().flatten().map(|event| event.position).collect();
                assert_eq!(named(&found), places, "row {row}, {what}: {found:?}");
                assert!(!faults(&events, &known).is_empty());
            } else {
                assert_eq!(named(&found), [events[row].position], "row {row}, {what}: {found:?}");
                assert_eq!(found.len(), 1, "row {row}, {what}: {found:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn flips_in_several_rows_are_all_named_and_no_other_row(
        entries in entries(1), rows in prop::collection::btree_set(any::<Index>().prop_map(|row| row.index(10_000)), 1..6),
        picks in prop::collection::vec((any::<Index>(), 0_u8..8), 6),
    ) {
        let mut events = log_of(&entries);
        let rows: std::collections::BTreeSet<usize> = rows.into_iter().map(|row| row % events.len()).collect();
        for (row, (pick, bit)) in rows.iter().zip(picks) {
            let mut all = flips(&events[*row], bit);
            all.retain(|(what, _)| !["position", "tenant", "sequence"].iter().any(|field| what.starts_with(field)));
            events[*row] = all.swap_remove(pick.index(all.len())).1;
        }
        let places: Vec<u64> = rows.iter().map(|row| *row as u64 + 1).collect();
        prop_assert_eq!(named(&faults(&events, &[])), places);
    }

    #[test]
    fn a_removed_row_is_missed(entries in entries(2), row in any::<Index>(), quiet in any::<bool>()) {
        let mut events = log_of(&entries);
        let known = heads(&events);
        let row = row.index(events.len());
        let gone = events.remove(row);
        let behind = events[row..].iter().position(|event| event.tenant == gone.tenant).map(|at| row + at);
        let mut places = behind.map(|at| events[at].position).into_iter().collect::<Vec<_>>();
        if quiet {
            renumber(&mut events);
            places = behind.map(|at| events[at].position).into_iter().collect();
        } else {
            places.extend(events.get(row).map(|event| event.position));
        }
        places.sort_unstable();
        places.dedup();
        prop_assert_eq!(named(&faults(&events, &[])), places);
        let against_heads = faults(&events, &known);
        let cut = |fault: &Fault| matches!(fault, Fault::ShorterThanHead { tenant, .. } if *tenant == gone.tenant);
        prop_assert!(against_heads.iter().any(cut), "{:?}", against_heads);
    }

    #[test]
    fn an_inserted_row_is_named(
        entries in entries(1), copied in any::<Index>(), to in any::<Index>(), how in 0..4, sequence in 0_u64..50,
    ) {
        let mut events = log_of(&entries);
        let known = heads(&events);
        let (copied, to) = (copied.index(events.len()), to.index(events.len() + 1));
        let mut row = events[copied].clone();
        let belongs = events[..to].iter().filter(|event| event.tenant == row.tenant).count() as u64;
        match how {
            0 => {}
            1 => row.sequence = belongs,
            2 => (row.sequence, row.leaf_hash) = (sequence, sha256(b"made up")),
            _ => row.tenant = super::tenant(9),
        }
        // A copy of the tenant's next row is sound where it stands: then the row that was copied is one too many.
        let twin = how < 2 && events[copied].sequence == belongs;
        events.insert(to, row);
        renumber(&mut events);
        let found = faults(&events, &[]);
        prop_assert_eq!(named(&found), vec![1 + if twin { copied + 1 } else { to } as u64], "{:?}", found);
        prop_assert!(!faults(&events, &known).is_empty());
    }

    #[test]
    fn two_swapped_rows_are_noticed(entries in entries(2), one in any::<Index>(), other in any::<Index>(), quiet in any::<bool>()) {
        let mut events = log_of(&entries);
        let one = one.index(events.len());
        // Any row but that one.
        let other = (one + 1 + other.index(events.len() - 1)) % events.len();
        let (one, other) = (one.min(other), one.max(other));
        let touches = |event: &Recorded| event.tenant == events[one].tenant || event.tenant == events[other].tenant;
        let order_kept = events[one].tenant != events[other].tenant
            && !events[one + 1..other].iter().any(touches);
        events.swap(one, other);
        if quiet {
            renumber(&mut events);
        }
        let found = faults(&events, &[]);
        // Two tenants' rows that trade places and positions change neither ledger: position is not part of a leaf.
        prop_assert_eq!(found.is_empty(), quiet && order_kept, "{:?}", found);
        prop_assert!(named(&found).first().is_none_or(|first| *first > one as u64), "rows before them were blamed");
    }

    #[test]
    fn a_cut_tail_is_missed_against_a_head(entries in entries(1), left in any::<Index>()) {
        let events = log_of(&entries);
        let known = heads(&events);
        let rest = &events[..left.index(events.len())];
        prop_assert_eq!(faults(rest, &[]), [], "within itself what is left is sound");
        let expected: Vec<Fault> = known
            .iter()
            .filter_map(|head| {
                let found = rest.iter().filter(|event| event.tenant == head.tenant).count() as u64;
                let fault = Fault::ShorterThanHead { tenant: head.tenant, expected: head.size, found };
                (found < head.size).then_some(fault)
            })
            .collect();
        prop_assert!(!expected.is_empty());
        prop_assert_eq!(faults(rest, &known), expected);
    }

    #[test]
    fn a_chain_that_was_computed_anew_is_found_through_an_earlier_head(
        entries in entries(1), row in any::<Index>(), pick in any::<Index>(), bit in 0_u8..8, taken in any::<Index>(),
    ) {
        let clean = log_of(&entries);
        let row = row.index(clean.len());
        // Any head from the altered row on tells, however early it was taken.
        let taken = row + 1 + taken.index(clean.len() - row);
        let known = heads(&clean[..taken]);
        let mut all = flips(&clean[row], bit);
        all.retain(|(what, _)| {
            !["position", "tenant", "sequence", "revision", "stream", "leaf hash"].iter().any(|field| what.starts_with(field))
        });
        let mut events = clean.clone();
        events[row] = all.swap_remove(pick.index(all.len())).1;
        rehash(&mut events);
        prop_assert_eq!(faults(&events, &[]), [], "within itself the forgery is sound");
        let found = faults(&events, &known);
        let tenant = clean[row].tenant;
        prop_assert!(matches!(found[..], [Fault::HeadMismatch { tenant: whose, .. }] if whose == tenant), "{:?}", found);
        prop_assert_ne!(events[row].leaf_hash, clean[row].leaf_hash);
        let before: Vec<Head> = heads(&clean[..row]);
        prop_assert_eq!(faults(&events, &before), [], "a head from before it cannot");
    }

    #[test]
    fn no_row_whatever_makes_a_verifier_panic(
        rows in prop::collection::vec((0_usize..12, any::<u64>(), any::<u64>(), any::<u64>(), any::<bool>()), 0..30),
    ) {
        let clean = log_of(&(0..12).map(|nth| (nth % 2, nth % 3)).collect::<Vec<_>>());
        let extreme = |number: u64| match number % 4 { 0 => u64::MAX, 1 => 0, 2 => number % 16, _ => number };
        let events: Vec<Recorded> = rows
            .into_iter()
            .map(|(row, position, sequence, revision, keep)| {
                let (position, sequence, revision) = (extreme(position), extreme(sequence), extreme(revision));
                let event = clean[row].clone();
                if keep { event } else { Recorded { position, sequence, revision, leaf_hash: Hash::ZERO, ..event } }
            })
            .collect();
        let sound = events.iter().zip(&clean).all(|(event, clean)| event == clean) && events.len() <= clean.len();
        prop_assert_eq!(faults(&events, &[]).is_empty(), sound);
    }
}
