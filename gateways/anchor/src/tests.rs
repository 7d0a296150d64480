//! What is written stays, and what is larger is seen. The same holds for the bucket that `CLUSTERMASTER_TEST_ANCHOR` names.

use hub_projections::proof::{Anchor as _, AnchorError};
use uuid::Uuid;

use super::{AnchorConfigError, StoreAnchor};

async fn writes_once(anchor: &StoreAnchor, tenant: Uuid) -> Result<(), AnchorError> {
    assert_eq!(anchor.above(tenant, 0).await?, None);
    assert_eq!(anchor.keep(tenant, 9, "nine\n").await?, "nine\n");
    assert_eq!(anchor.keep(tenant, 9, "another\n").await?, "nine\n", "what stands there stays");
    assert_eq!(anchor.keep(tenant, 100, "hundred\n").await?, "hundred\n");
    assert_eq!(anchor.above(tenant, 0).await?, Some(9));
    assert_eq!(anchor.above(tenant, 9).await?, Some(100), "sizes are compared as numbers");
    assert_eq!(anchor.above(tenant, 100).await?, None);
    assert_eq!(anchor.above(Uuid::nil(), 0).await?, None, "tenants are apart");
    Ok(())
}

#[tokio::test]
async fn a_folder_is_written_once() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display().to_string();
    let anchor = StoreAnchor::open(&place, []).expect("a place");
    writes_once(&anchor, Uuid::from_u128(7)).await.expect("it can be used");
    let path = folder.path().join(Uuid::from_u128(7).to_string()).join("00000000000000000009.checkpoint");
    assert_eq!(std::fs::read_to_string(path).expect("a file"), "nine\n");
    if let Ok(bucket) = std::env::var("CLUSTERMASTER_TEST_ANCHOR") {
        let anchor = StoreAnchor::open(&bucket, std::env::vars()).expect("a place");
        writes_once(&anchor, Uuid::from_u128(std::process::id().into())).await.expect("it can be used");
    }
}

#[test]
fn what_is_no_place_is_told_without_its_secrets() {
    for place in ["/nowhere/at/all", "", "s3:/"] {
        assert!(matches!(StoreAnchor::open(place, []), Err(AnchorConfigError::Place(_))), "{place}");
    }
    for place in ["s3://user:hidden@bucket/path", "s3://bucket/path?key=hidden", "gopher://hidden@host"] {
        let refused = StoreAnchor::open(place, []).expect_err("an address carries no secret");
        assert!(
            matches!(refused, AnchorConfigError::Secret) && !refused.to_string().contains("hidden"),
            "{refused}"
        );
    }
    let unknown = StoreAnchor::open("gopher://host/path", []).expect_err("no such store");
    assert!(matches!(unknown, AnchorConfigError::Store { .. }), "{unknown}");
}
