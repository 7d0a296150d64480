//! Queries: pages, filters, the past.

use hub_kit::{Answer, Client};
use serde_json::json;

use super::{Running, cluster, imported, text};

/// Follows `Link: rel="next"` to the end.
async fn all_pages(client: &Client, first: &str) -> (Vec<String>, Vec<Answer>) {
    let (mut path, mut names, mut pages) = (first.to_owned(), vec![], vec![]);
    loop {
        let page = client.get(&path).await.unwrap().expect(200);
        names.extend(page.body.as_array().unwrap().iter().map(|row| text(&row["name"])));
        let link = page.header("link").to_owned();
        pages.push(page);
        let Some(next) = link.strip_prefix('<').and_then(|rest| rest.split_once(">; rel=\"next\"")) else {
            return (names, pages);
        };
        next.0.clone_into(&mut path);
    }
}

#[tokio::test]
async fn pages_filters_and_orders() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let mut end = 0;
    for (n, name) in ["delta", "alpha", "echo", "bravo", "charlie"].into_iter().enumerate() {
        let mut body = cluster(name);
        body["provider"] = json!(["aws", "gcp"][n % 2]);
        body["labels"] = json!({ "env": if n < 3 { "prod" } else { "test" } });
        end = admin.post("clusters", &body).await.unwrap().expect(202).position();
    }
    let (names, pages) = all_pages(&admin, &format!("clusters?limit=2&min_position={end}")).await;
    assert_eq!(names, ["alpha", "bravo", "charlie", "delta", "echo"]);
    assert_eq!(pages.iter().map(|page| page.body.as_array().unwrap().len()).collect::<Vec<_>>(), [2, 2, 1]);
    assert!(pages.iter().all(|page| page.header("total-count") == "5" && page.position() >= end));
    let (names, _) = all_pages(&admin, "clusters?limit=1&sort=-name&provider=aws").await;
    assert_eq!(names, ["echo", "delta", "charlie"]);
    for (query, wanted) in [
        ("label=env%3Dprod", &["alpha", "delta", "echo"][..]),
        ("label=env", &["alpha", "bravo", "charlie", "delta", "echo"]),
        ("label=env%3Dprod&provider=gcp", &["alpha"]),
        ("name=bravo", &["bravo"]),
        ("q=ECH", &["echo"]),
        ("provider=azure,on_premises", &[]),
        ("status=decommissioned", &[]),
        ("region=lab&q=%25", &[]),
        ("k8s_version=1.29,v1.30.1", &[]),
    ] {
        assert_eq!(all_pages(&admin, &format!("clusters?{query}")).await.0, wanted, "{query}");
    }
    let malformed = admin.get("clusters?k8s_version=1.29,newest").await.unwrap();
    super::problem(&malformed, 400, "invalid-parameter");
    assert_eq!(malformed.body["errors"][0]["parameter"], "k8s_version", "{}", malformed.text);
    // A cursor belongs to its list.
    let link = admin.get("clusters?limit=2").await.unwrap().header("link").to_owned();
    let cursor = link.split("cursor=").nth(1).unwrap().split('>').next().unwrap().to_owned();
    let carried = admin.get(&format!("clusters?limit=2&sort=-name&cursor={cursor}")).await.unwrap();
    super::problem(&carried, 400, "invalid-cursor");
}

#[tokio::test]
async fn the_past_can_be_asked() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let start = admin.get("fleet").await.unwrap().expect(200);
    assert_eq!(start.body["clusters"]["total"], 0);
    let id = imported(&admin, "then").await;
    let then = admin.get(&format!("clusters/{id}")).await.unwrap().expect(200);
    let changed = admin.put(&format!("clusters/{id}"), &json!({ "name": "now" })).await.unwrap().expect(200);
    let now = changed.position();
    let current = admin.get(&format!("clusters/{id}?min_position={now}")).await.unwrap().expect(200);
    assert_eq!(current.body["name"], "now");

    let at = then.body["position"].as_u64().unwrap();
    let time = text(&then.body["updated_at"]);
    for moment in [at.to_string(), (now - 1).to_string(), time] {
        let past = admin.get(&format!("clusters/{id}?as_of={moment}")).await.unwrap().expect(200);
        assert_eq!(
            (&past.body["name"], past.header("etag")),
            (&json!("then"), then.header("etag")),
            "{moment}"
        );
        let listed = admin.get(&format!("clusters?as_of={moment}")).await.unwrap().expect(200);
        assert_eq!(listed.body[0]["name"], "then", "{moment}");
        let fleet = admin.get(&format!("fleet?as_of={moment}")).await.unwrap().expect(200);
        assert_eq!(fleet.body["clusters"]["total"], 1, "{moment}");
    }
    let before = start.position();
    super::problem(
        &admin.get(&format!("clusters/{id}?as_of={before}")).await.unwrap(),
        404,
        "cluster-not-found",
    );
    let fleet = admin.get(&format!("fleet?as_of={before}")).await.unwrap().expect(200);
    assert_eq!(fleet.body["clusters"]["total"], 0);
    let fleet = admin.get(&format!("fleet?min_position={now}")).await.unwrap().expect(200);
    assert_eq!(
        (&fleet.body["clusters"]["by_status"]["import_failed"], &fleet.body["attention_total"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(fleet.body["recent"][0]["event_type"], "cluster.changed.v1");
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = imported(&admin, "told").await;
    let end =
        admin.put(&format!("clusters/{id}"), &json!({ "region": "x" })).await.unwrap().expect(200).position();
    let me = text(&admin.session["user"]["id"]);
    let only = |query: &str| {
        let (admin, path) = (admin.clone(), format!("audit-logs?min_position={end}&{query}"));
        async move { admin.get(&path).await.unwrap().expect(200).body }
    };
    let mine = only(&format!("actor={me}&target={id}")).await;
    let actions: Vec<_> = mine.as_array().unwrap().iter().map(|entry| text(&entry["action"])).collect();
    assert_eq!(actions, ["cluster.change", "cluster.import"]);
    assert_eq!((&mine[0]["before"]["region"], &mine[0]["after"]["region"]), (&json!("lab"), &json!("x")));
    assert_eq!(text(&mine[0]["trace_id"]).len(), 32);
    let failed = only("outcome=failed").await;
    assert_eq!((failed.as_array().unwrap().len(), &failed[0]["actor"]), (1, &json!("system:observer")));
    assert_eq!(only("event_type=cluster.changed.v1").await.as_array().unwrap().len(), 1);
    assert_eq!(only("from=2999-01-01T00:00:00Z").await, json!([]));

    let entry = text(&mine[0]["id"]);
    let one = admin.get(&format!("audit-logs/{entry}")).await.unwrap().expect(200);
    assert_eq!(one.body, mine[0]);
    // The whole log in pages of seven: each entry once, in order, without a gap.
    let (mut path, mut sequences) = ("audit-logs?limit=7&sort=recorded_at".to_owned(), vec![]);
    loop {
        let page = admin.get(&path).await.unwrap().expect(200);
        sequences
            .extend(page.body.as_array().unwrap().iter().map(|entry| entry["sequence"].as_u64().unwrap()));
        let Some((_, rest)) = page.header("link").split_once('<') else { break };
        path = rest.split_once('>').unwrap().0.to_owned();
    }
    assert_eq!(sequences, (0..sequences.len() as u64).collect::<Vec<_>>());
}
