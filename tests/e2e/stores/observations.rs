//! The latest samples of clusters.

use chrono::{DateTime, Utc};
use hub_commands::ports::{NodeSample, ObservationStore, Sample};
use hub_domain::kernel::{ClusterId, TypedId as _};
use hub_postgres::PgObservations;
use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use super::{fresh, tenant};

type Row = (DateTime<Utc>, Option<DateTime<Utc>>, Option<Json<Sample>>);

async fn row(pool: &PgPool, cluster: ClusterId) -> Option<Row> {
    sqlx::query_as("select last_checked, answered_at, sample from read.observations where tenant = $1 and cluster_id = $2")
        .bind(tenant(1).uuid())
        .bind(cluster.to_string())
        .fetch_optional(pool)
        .await
        .unwrap()
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn sample(node: &str) -> Sample {
    let node = NodeSample {
        name: node.to_owned(),
        ready: true,
        schedulable: true,
        kubelet_version: "v1.33.1".to_owned(),
        roles: vec!["worker".to_owned()],
        cpu: "3920m".to_owned(),
        memory: "16Gi".to_owned(),
    };
    Sample { nodes: vec![node], ..Sample::default() }
}

#[tokio::test]
async fn the_last_answer_stays_until_a_newer_one_comes() {
    let (_database, pools) = fresh().await;
    let pool = &pools.writer;
    let store = PgObservations::new(pool.clone());
    let cluster = ClusterId::from_uuid(Uuid::from_u128(5));

    store.put(tenant(1), cluster, at(1), None).await.unwrap();
    assert_eq!(row(pool, cluster).await, Some((at(1), None, None)), "it has never answered");
    store.put(tenant(1), cluster, at(2), Some(&sample("a"))).await.unwrap();
    assert_eq!(row(pool, cluster).await, Some((at(2), Some(at(2)), Some(Json(sample("a"))))));
    store.put(tenant(1), cluster, at(3), None).await.unwrap();
    assert_eq!(row(pool, cluster).await, Some((at(3), Some(at(2)), Some(Json(sample("a"))))), "silent since");
    store.put(tenant(1), cluster, at(2), Some(&sample("late"))).await.unwrap();
    assert_eq!(row(pool, cluster).await, Some((at(3), Some(at(2)), Some(Json(sample("a"))))), "came in late");
    store.put(tenant(1), cluster, at(4), Some(&sample("b"))).await.unwrap();
    assert_eq!(row(pool, cluster).await, Some((at(4), Some(at(4)), Some(Json(sample("b"))))));

    store.forget(tenant(2), cluster).await.unwrap();
    assert!(row(pool, cluster).await.is_some(), "another tenant's");
    store.forget(tenant(1), cluster).await.unwrap();
    store.forget(tenant(1), cluster).await.unwrap();
    assert_eq!(row(pool, cluster).await, None);
}
