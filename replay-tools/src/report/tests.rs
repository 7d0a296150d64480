//! Reports on an exported file: what they hold, and that another program finds them true, and every forged one false.

use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::BASE64;
use hub_domain::ledger::{
    Algorithm, Checkpoint, Frontier, Hash, LogVerifier, Recorded, SigningKey, leaf_hash, origin,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::csv::inert;
use super::entry::Kind;
use super::period::Period;
use super::{Format, ReportArgs, chart::chart, write};
use crate::check::check;
use crate::format::Writer;
use crate::history::History;
use crate::source::Database;

const HOUR: i64 = 3_600_000_000;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;
const TENANT: Uuid = Uuid::from_u128(7);

fn key() -> SigningKey {
    SigningKey::new("hub.example", Algorithm::Ed25519, &[3; 32]).unwrap()
}

/// What happens in turns, an hour after the other.
fn said(nth: u64) -> (&'static str, &'static str, String) {
    match nth {
        0 => ("tenant_1", "tenant.created.v1", r#"{"name":"acme"}"#.into()),
        _ if nth.is_multiple_of(3) => ("user_1", "user.signed_in.v1", format!(r#"{{"session":"{nth}"}}"#)),
        _ if nth.is_multiple_of(7) => {
            ("user_2", "user.sign_in_refused.v1", r#"{"cause":"wrong_password"}"#.into())
        }
        _ if nth.is_multiple_of(11) => ("imported-x_1", "imported.x.y.v1", "{}".into()),
        _ => ("cluster_1", "cluster.decommission_requested.v1", "{}".into()),
    }
}

/// A ledger of so many events, the first `signed` of them under a checkpoint.
fn ledger(count: u64, signed: u64) -> Vec<u8> {
    let (mut events, mut frontier, mut note, mut last) = (Vec::new(), Frontier::new(), None, Hash::ZERO);
    let mut revisions = std::collections::BTreeMap::new();
    for nth in 0..count {
        let (stream, event_type, payload) = said(nth);
        let revision = revisions.entry(stream).or_insert(0);
        let mut event = Recorded {
            position: nth + 1,
            tenant: TENANT,
            sequence: nth,
            stream: stream.into(),
            revision: *revision,
            event_id: Uuid::from_u128(u128::from(nth) + 100),
            command_id: Uuid::from_u128(u128::from(nth) + 100_000),
            recorded_at: START + nth as i64 * HOUR,
            event_type: event_type.into(),
            schema_version: 1,
            actor: format!("user_{}", nth % 5),
            metadata: br#"{"command":"test.run","reason":"<b>=1+1</b>"}"#.to_vec(),
            payload: payload.into_bytes(),
            leaf_hash: Hash::ZERO,
        };
        *revision += 1;
        event.leaf_hash = leaf_hash(&event.leaf(last).encode().unwrap());
        frontier.push(event.leaf_hash);
        if nth + 1 == signed {
            let origin = origin(key().name(), TENANT);
            let hand = key().named(&origin).unwrap();
            note = Some(Checkpoint { origin, size: signed, root: frontier.root() }.sign(&hand).to_string());
        }
        events.push((event.clone(), last));
        last = event.leaf_hash;
    }
    let mut writer = Writer::new(Vec::new()).unwrap();
    if let Some(note) = note {
        writer.checkpoint(&note).unwrap();
    }
    let mut verifier = LogVerifier::new();
    for (event, previous) in &events {
        writer.event(event, *previous).unwrap();
        verifier.push(event);
    }
    for head in verifier.heads() {
        writer.head(&head).unwrap();
    }
    writer.finish().unwrap()
}

/// A ledger in a folder, to report on.
struct Room {
    folder: TempDir,
    ledger: PathBuf,
    complete: bool,
}

impl Room {
    fn new(count: u64, signed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        std::fs::write(&path, ledger(count, signed)).unwrap();
        Self { folder, ledger: path, complete: false }
    }

    async fn try_report(&self, kind: Kind, period: &str, format: Format) -> anyhow::Result<PathBuf> {
        let out = self.folder.path().join("report");
        let database = Database { data_dir: "/nowhere".into(), database_url: None };
        let (file, tenant) = (Some(self.ledger.clone()), "acme".to_owned());
        let period = period.parse().unwrap();
        let complete = self.complete && format == Format::Json;
        let out_file = Some(out.clone());
        let format = Some(format);
        let args = ReportArgs { kind, file, period, tenant, format, complete, out: out_file, database };
        let mut history = History::open(args.file.as_deref(), &args.database).await?;
        let tenant = history.tenant(&args.tenant).await?;
        write(&args, history, tenant).await?;
        Ok(out)
    }

    async fn report(&self, kind: Kind, period: &str, format: Format) -> String {
        std::fs::read_to_string(self.try_report(kind, period, format).await.unwrap()).unwrap()
    }

    /// What the other verifier says: whether it holds, and why not.
    fn judge(&self, report: &Value) -> (bool, String) {
        let path = self.folder.path().join("judged");
        std::fs::write(&path, report.to_string()).unwrap();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("verifier/report.py");
        let key = key().verifier().to_string();
        let run = Command::new("python3").arg(program).arg(path).args(["--key", &key]).output();
        let run = run.unwrap();
        let told = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
        (run.status.success(), told)
    }
}

#[tokio::test]
async fn every_entry_of_the_period_is_there_and_proven() {
    let room = Room::new(700, 700);
    let text = room.report(Kind::Access, "2026-01-05/2026-01-24", Format::Json).await;
    let report: Value = serde_json::from_str(&text).unwrap();
    let (first, end) = (4 * 24, 24 * 24);
    assert_eq!(report["range"], json!({ "first": first, "end": end }));
    assert_eq!(report["positions"], json!([first + 1, end]));
    let wanted: Vec<u64> = (first..end).filter(|nth| said(*nth).0.starts_with("user_")).collect();
    let entries = report["entries"].as_array().unwrap();
    let found: Vec<u64> = entries.iter().map(|one| one["entry"]["sequence"].as_u64().unwrap()).collect();
    assert_eq!(found, wanted);
    let refused = wanted.iter().filter(|nth| **nth % 3 != 0).count();
    assert_eq!(report["counts"]["by_outcome"]["refused"], json!(refused));
    assert_eq!(report["counts"]["by_day"].as_object().unwrap().len(), 20);
    for one in
        entries.iter().chain([&json!({ "proof": report["before"] }), &json!({ "proof": report["after"] })])
    {
        check(one["proof"].to_string().as_bytes(), &[key().verifier()]).unwrap();
    }
    assert_eq!(room.judge(&report), (true, room.judge(&report).1));
    assert!(room.judge(&report).1.contains(&format!("proven: {0} of {0} entries", wanted.len())));
    let lines = text.lines().filter(|line| line.contains(r#"{"entry":"#)).count();
    assert_eq!(lines, wanted.len(), "one line an entry");
}

#[tokio::test]
async fn each_kind_has_its_entries() {
    let room = Room::new(60, 60);
    let all = "2025-01-01/2027-01-01";
    for (kind, wanted) in [
        (Kind::Changes, (0..60).filter(|nth| ["clus", "tena"].contains(&&said(*nth).0[..4])).count()),
        (Kind::Violations, (0..60).filter(|nth| said(*nth).1.contains("refused")).count()),
    ] {
        let report: Value = serde_json::from_str(&room.report(kind, all, Format::Json).await).unwrap();
        assert_eq!(report["counts"]["entries"], json!(wanted), "{kind:?}");
        assert!(wanted > 2 && room.judge(&report).0);
    }
}

#[tokio::test]
async fn a_period_without_entries_is_proven_to_have_none() {
    let room = Room::new(60, 60);
    for (period, before, after) in [
        ("2026-01-01T10:10:00Z/2026-01-01T10:50:00Z", true, true),
        ("2020-01-01/2020-02-01", false, true),
        ("2030-01-01/2030-02-01", true, false),
    ] {
        let report: Value =
            serde_json::from_str(&room.report(Kind::Access, period, Format::Json).await).unwrap();
        assert_eq!((&report["counts"]["entries"], &report["positions"]), (&json!(0), &Value::Null));
        assert_eq!((report["before"].is_object(), report["after"].is_object()), (before, after), "{period}");
        let (holds, told) = room.judge(&report);
        assert!(holds && told.contains("0 of 0 entries"), "{told}");
        let page = room.report(Kind::Access, period, Format::Html).await;
        assert!(page.contains("No entry of this kind was recorded in the period."));
    }
}

#[tokio::test]
async fn what_no_checkpoint_covers_is_listed_as_not_yet_proven() {
    let room = Room::new(60, 20);
    let all = "2026-01-01/2026-02-01";
    let report: Value = serde_json::from_str(&room.report(Kind::Access, all, Format::Json).await).unwrap();
    let (proven, unproven) =
        (&report["entries"].as_array().unwrap(), &report["unproven"].as_array().unwrap());
    assert!(proven.iter().all(|one| one["entry"]["sequence"].as_u64().unwrap() < 20));
    assert!(unproven.iter().all(|one| one["sequence"].as_u64().unwrap() >= 20));
    assert!(proven.len() > 3 && unproven.len() > 3);
    assert_eq!(report["counts"]["proven"], json!(proven.len()));
    assert!(room.judge(&report).0, "{}", room.judge(&report).1);
    assert!(room.report(Kind::Access, all, Format::Html).await.contains("not proven yet"));

    let bare = Room::new(30, 0);
    let report: Value = serde_json::from_str(&bare.report(Kind::Access, all, Format::Json).await).unwrap();
    assert_eq!((&report["checkpoint"], &report["entries"]), (&Value::Null, &json!([])));
    assert!(bare.judge(&report).0);
}

/// What is done to a report.
type Forgery = fn(&mut Value);

#[tokio::test]
async fn a_forged_report_is_found_out() {
    let room = Room::new(60, 50);
    let whole: Value =
        serde_json::from_str(&room.report(Kind::Access, "2026-01-01/2026-02-01", Format::Json).await)
            .unwrap();
    let inner: Value = serde_json::from_str(
        &room.report(Kind::Access, "2026-01-01T05:30:00Z/2026-01-02T05:30:00Z", Format::Json).await,
    )
    .unwrap();
    assert!(room.judge(&whole).0 && room.judge(&inner).0);
    let forgeries: [(&str, Forgery); 12] = [
        ("an entry is left out", |report| drop(report["entries"].as_array_mut().unwrap().remove(1))),
        ("another actor", |report| report["entries"][0]["entry"]["actor"] = json!("user_9")),
        ("another time", |report| {
            report["entries"][0]["entry"]["recorded_at"] = json!("2026-01-01T06:00:01.000000Z");
        }),
        ("another outcome", |report| report["entries"][0]["entry"]["outcome"] = json!("failed")),
        ("a count", |report| report["counts"]["entries"] = json!(1)),
        ("a smaller period", |report| report["period"]["to"] = json!("2026-01-01T07:00:00Z")),
        ("a larger period", |report| report["period"]["from"] = json!("2025-01-01T07:00:00Z")),
        ("a smaller range", |report| report["range"]["end"] = json!(10)),
        ("no neighbour", |report| report["before"] = Value::Null),
        ("another neighbour", |report| report["after"] = report["before"].clone()),
        ("another tenant", |report| report["tenant"] = json!(Uuid::from_u128(8))),
        ("no checkpoint", |report| report["checkpoint"] = Value::Null),
    ];
    for (what, forge) in forgeries {
        let mut forged = inner.clone();
        forge(&mut forged);
        let (holds, told) = room.judge(&forged);
        assert!(!holds && told.contains("DOES NOT HOLD"), "{what}: {told}");
    }
    let mut moved = whole;
    let entries = moved["entries"].as_array_mut().unwrap();
    let proof = entries.pop().unwrap();
    moved["unproven"].as_array_mut().unwrap().insert(0, proof["entry"].clone());
    moved["counts"]["proven"] = json!(moved["entries"].as_array().unwrap().len());
    assert!(!room.judge(&moved).0, "what could be proven is");
}

#[tokio::test]
async fn nothing_can_be_kept_back_from_a_complete_report() {
    let room = Room { complete: true, ..Room::new(60, 50) };
    for (kind, period) in [
        (Kind::Access, "2026-01-01/2026-02-01"),
        (Kind::Changes, "2026-01-01T05:30:00Z/2026-01-02T05:30:00Z"),
        (Kind::Violations, "2026-01-01T00:00:00Z/2026-01-02T05:30:00Z"),
        (Kind::Access, "2026-01-01T10:10:00Z/2026-01-01T10:50:00Z"),
    ] {
        let whole: Value = serde_json::from_str(&room.report(kind, period, Format::Json).await).unwrap();
        let (holds, told) = room.judge(&whole);
        assert!(holds && told.contains("; complete, without "), "{kind:?}: {told}");
        if kind == Kind::Violations {
            assert!(told.contains("9 user.signed_in.v1"), "{told}");
        }
        let Some(kept_back) = whole["entries"].as_array().and_then(|entries| entries.get(1)) else {
            continue;
        };
        // An entry is kept back, and every number made to fit.
        let mut forged = whole.clone();
        forged["entries"].as_array_mut().unwrap().remove(1);
        for count in ["entries", "proven"] {
            forged["counts"][count] = json!(forged["counts"][count].as_u64().unwrap() - 1);
        }
        let entry = &kept_back["entry"];
        for (by, name) in [
            ("by_action", &entry["action"]),
            ("by_outcome", &entry["outcome"]),
            ("by_actor", &entry["actor"]),
            ("by_day", &json!(&entry["recorded_at"].as_str().unwrap()[..10])),
        ] {
            let counts = forged["counts"][by].as_object_mut().unwrap();
            let count = counts[name.as_str().unwrap()].as_u64().unwrap() - 1;
            if count == 0 {
                counts.remove(name.as_str().unwrap())
            } else {
                counts.insert(name.as_str().unwrap().into(), json!(count))
            };
        }
        let (holds, told) = room.judge(&forged);
        assert!(!holds && told.contains("a leaf of the range is missing"), "{told}");
        // Its leaf is put among those that were left out.
        let leaf = kept_back["proof"]["leaf"].clone();
        forged["left_out"].as_array_mut().unwrap().push(leaf);
        let (holds, told) = room.judge(&forged);
        assert!(holds == (kind == Kind::Violations), "{told}");
        assert!(holds || told.contains("was left out, and is an entry"), "{told}");
        assert!(
            !holds || told.contains("user.sign_in_refused.v1"),
            "of violations it is told what was left out: {told}"
        );
    }
}

#[tokio::test]
async fn an_altered_ledger_gets_no_report() {
    let room = Room::new(60, 60);
    let mut bytes = std::fs::read(&room.ledger).unwrap();
    let at = bytes.windows(16).position(|window| window == br#"{"session":"33"}"#.as_slice()).unwrap();
    bytes[at + 13] ^= 1;
    std::fs::write(&room.ledger, bytes).unwrap();
    let cause = room.try_report(Kind::Access, "2026-01-01/2026-02-01", Format::Json).await.unwrap_err();
    assert!(cause.to_string().contains("position 34 does not stand under its checkpoint"), "{cause}");
    assert!(!room.folder.path().join("report").exists() && !room.folder.path().join("report.part").exists());
}

#[tokio::test]
async fn a_table_for_spreadsheets_calculates_nothing() {
    let room = Room::new(30, 30);
    let text = room.report(Kind::Access, "2026-01-01/2026-02-01", Format::Csv).await;
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), super::csv::COLUMNS);
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(rows.len() > 5);
    for row in &rows {
        let proof = BASE64.decode(row[12].as_bytes()).unwrap();
        let told = check(&proof, &[key().verifier()]).unwrap().told().unwrap();
        assert_eq!(told["sequence"].to_string(), row[0]);
        assert_eq!(told["actor"], row[4]);
    }
    let summary = std::fs::read(room.folder.path().join("report.summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    assert_eq!(summary["counts"]["entries"], json!(rows.len()));
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "＝1"] {
        assert_eq!(inert(formula), format!("'{formula}"));
    }
    assert_eq!(inert("signed in"), "signed in");
}

#[tokio::test]
async fn a_page_holds_everything_and_runs_nothing() {
    let room = Room::new(30, 30);
    let page = room.report(Kind::Access, "2026-01-01/2026-02-01", Format::Html).await;
    assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("http://"), "{page}");
    assert!(page.contains("&#60;b&#62;=1+1"), "a reason is text");
    let proofs: Vec<&str> = page.split("<summary>Proof</summary><pre>").skip(1).collect();
    assert!(proofs.len() > 5);
    for proof in proofs {
        let proof = proof.split_once("</pre>").unwrap().0.replace("&#34;", "\"");
        check(proof.as_bytes(), &[key().verifier()]).unwrap();
    }
}

#[test]
fn a_period_is_two_dates_or_two_times() {
    let period = |text: &str| text.parse::<Period>();
    let dates = period("2026-01-01/2026-01-31").unwrap();
    assert_eq!(dates, period("2026-01-01T00:00:00Z/2026-02-01T00:00:00Z").unwrap());
    assert_eq!(dates, period("2026-01-01T01:00:00+01:00/2026-01-31").unwrap());
    assert!(period("2026-01-01/2026-01-01").is_ok(), "one day");
    for (text, why) in [
        ("2026-01-01", "must read FROM/TO"),
        ("", "must read FROM/TO"),
        ("2026-01-02/2026-01-01", "must end after it begins"),
        ("2026-01-01T00:00:00Z/2026-01-01T00:00:00Z", "must end after it begins"),
        ("2026-02-30/2026-03-01", "neither a date"),
        ("2026-01-01/yesterday", "neither a date"),
        ("2026-01-01/2026-01-02/2026-01-03", "neither a date"),
        ("2026-01-01/+262142-12-31", "outside of the calendar"),
    ] {
        let cause = period(text).unwrap_err();
        assert!(cause.contains(why), "{text}: {cause}");
    }
}

#[test]
fn bars_cover_the_period_and_fit() {
    let by_day = [("2026-01-01".to_owned(), 1), ("2026-01-03".to_owned(), 1000)].into();
    let drawn = chart(&"2026-01-01/2026-01-03".parse().unwrap(), &by_day);
    assert_eq!((drawn.bars.len(), drawn.days, drawn.most), (3, 1, 1000));
    let heights: Vec<u64> = drawn.bars.iter().map(|bar| bar.height).collect();
    assert_eq!(heights, [1, 0, 120], "one entry is seen beside a thousand");
    for period in
        ["2026-01-01/2026-12-31", "2000-01-01/2100-01-01", "2026-01-01T10:00:00Z/2026-01-01T10:00:01Z"]
    {
        let drawn = chart(&period.parse().unwrap(), &by_day);
        assert!(drawn.bars.len() <= 60 && drawn.most <= 1001);
        assert!(drawn.bars.iter().all(|bar| bar.x + bar.width <= 720 && bar.y + bar.height <= 120));
    }
}

#[test]
fn file_name_says_the_format_where_nothing_else_does() {
    let args = |format, out: Option<&str>| ReportArgs {
        kind: Kind::Changes,
        file: None,
        period: "2026-01-01/2026-01-31".parse().unwrap(),
        tenant: "acme".into(),
        format,
        complete: false,
        out: out.map(Into::into),
        database: Database { data_dir: "/nowhere".into(), database_url: None },
    };
    assert_eq!(args(None, Some("a/changes.html")).format(), Format::Html);
    assert_eq!(args(None, Some("changes.CSV")).format(), Format::Csv);
    assert_eq!(args(None, Some("changes.txt")).format(), Format::Json);
    assert_eq!(args(None, None).format(), Format::Json);
    assert_eq!(args(Some(Format::Json), Some("changes.html")).format(), Format::Json);
}
