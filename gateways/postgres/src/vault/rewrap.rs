//! Rotation of the key-encryption key: every key is wrapped anew, nothing that it protects is touched.

use hub_commands::ports::VaultError;
use hub_domain::kernel::{TenantId, TypedId as _};
use sqlx::PgConnection;
use uuid::Uuid;

use super::envelope::{Content, Place};
use super::{Keyring, PgVault, WHAT, root_place};
use crate::failure::unavailable;

/// Keys that are wrapped anew in one transaction.
const BATCH: usize = 200;

/// What a rotation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Keys that now stand under the present key-encryption key and did not before.
    pub rewrapped: u64,
    /// Keys that no key-encryption key on the ring opens; they stay as they were.
    pub unreadable: u64,
}

/// A table of wrapped keys, with its statements.
struct Table {
    content: Content,
    select: &'static str,
    update: &'static str,
}

const TABLES: [Table; 2] = [
    Table {
        content: Content::DataKey,
        select: "select tenant, reference, kek_id, wrapped_key from vault.secrets \
            where kek_id <> $1 and (tenant, reference) > ($2, $3) order by tenant, reference limit $4 for update",
        update: "update vault.secrets k set kek_id = $1, wrapped_key = n.wrapped \
            from unnest($2::uuid[], $3::text[], $4::bytea[]) as n (tenant, name, wrapped) \
            where k.tenant = n.tenant and k.reference = n.name",
    },
    Table {
        content: Content::SubjectKey,
        select: "select tenant, subject, kek_id, wrapped_key from vault.subject_keys \
            where kek_id <> $1 and (tenant, subject) > ($2, $3) order by tenant, subject limit $4 for update",
        update: "update vault.subject_keys k set kek_id = $1, wrapped_key = n.wrapped \
            from unnest($2::uuid[], $3::text[], $4::bytea[]) as n (tenant, name, wrapped) \
            where k.tenant = n.tenant and k.subject = n.name",
    },
];

type Row = (Uuid, String, String, Vec<u8>);

impl PgVault {
    /// Wraps every key under the present key-encryption key, in small transactions beside running hubs. Interrupted, it
    /// is simply run again.
    ///
    /// Before it runs, every hub needs the new key on its ring: what was wrapped anew opens with nothing else. The older
    /// key may go once no hub wraps under it any more and a run finds nothing left to do.
    pub async fn rewrap(&self) -> Result<Rewrapped, VaultError> {
        let mut sum = Rewrapped::default();
        self.rewrap_root(&mut sum).await?;
        for table in &TABLES {
            let mut after = (Uuid::nil(), String::new());
            loop {
                let mut transaction = self.pool.begin().await.map_err(unavailable(WHAT))?;
                let last = rewrap_batch(&mut transaction, &self.keys, table, &after, &mut sum)
                    .await
                    .map_err(unavailable(WHAT))?;
                transaction.commit().await.map_err(unavailable(WHAT))?;
                match last {
                    Some(last) => after = last,
                    None => break,
                }
            }
        }
        Ok(sum)
    }

    async fn rewrap_root(&self, sum: &mut Rewrapped) -> Result<(), VaultError> {
        let kek_id = self.keys.current().id();
        let wrapped = self.keys.wrap(root_place(), &self.root);
        let done = sqlx::query("update vault.root_key set kek_id = $1, wrapped_key = $2 where kek_id <> $1")
            .bind(kek_id)
            .bind(wrapped)
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        sum.rewrapped += done.rows_affected();
        Ok(())
    }
}

/// Answers the last key that was looked at; `None` when there was none.
async fn rewrap_batch(
    connection: &mut PgConnection,
    keys: &Keyring,
    table: &Table,
    after: &(Uuid, String),
    sum: &mut Rewrapped,
) -> Result<Option<(Uuid, String)>, sqlx::Error> {
    let kek_id = keys.current().id();
    let rows: Vec<Row> = sqlx::query_as(table.select)
        .bind(kek_id)
        .bind(after.0)
        .bind(&after.1)
        .bind(BATCH as i64)
        .fetch_all(&mut *connection)
        .await?;
    let last = rows.last().map(|(tenant, name, ..)| (*tenant, name.clone()));
    let (mut tenants, mut names, mut wrapped) = (Vec::new(), Vec::new(), Vec::new());
    for (tenant, name, old_kek, old) in rows {
        let place = Place { content: table.content, tenant: TenantId::from_uuid(tenant), name: &name };
        let Ok(key) = keys.unwrap(&old_kek, place, &old) else {
            sum.unreadable += 1;
            continue;
        };
        wrapped.push(keys.wrap(place, &key));
        tenants.push(tenant);
        names.push(name);
    }
    let done = sqlx::query(table.update)
        .bind(kek_id)
        .bind(tenants)
        .bind(names)
        .bind(wrapped)
        .execute(connection)
        .await?;
    sum.rewrapped += done.rows_affected();
    Ok(last)
}
