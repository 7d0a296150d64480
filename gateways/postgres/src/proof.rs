//! What proofs need of the log: leaf hashes, tree nodes, checkpoints.

use std::collections::BTreeMap;

use async_trait::async_trait;
use hub_domain::ledger::{Hash, Leaf, Recorded, Span};
use hub_projections::FeedError;
use hub_projections::proof::{Due, Issued, Outlook, ProofStore, SignerKey, Tree, Unwitnessed};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::log::RecentLeaves;
use crate::log::reader::{LEDGER_COLUMNS, decode_row};

/// The columns of a checkpoint, in the order of [`issued`].
const CHECKPOINT: &str = "entry, tenant, size, root, position, issued_at, note";
/// The same of `ledger.checkpoints c`, the note with the lines of witnesses.
pub(crate) const WITNESSED: &str = "c.entry, c.tenant, c.size, c.root, c.position, c.issued_at, c.note || coalesce((select \
     string_agg(w.line, '' order by w.witness) from ledger.cosignatures w where w.entry = c.entry), '')";

/// The proofs' storage on `PostgreSQL`; the pool is of the writer role.
#[derive(Clone, Debug)]
pub struct PgProofs {
    pool: PgPool,
    recent: RecentLeaves,
}

impl PgProofs {
    /// Over a pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, recent: RecentLeaves::default() }
    }

    /// With the newest leaf hashes of the process that writes the log.
    #[must_use]
    pub fn with_recent(self, recent: RecentLeaves) -> Self {
        Self { recent, ..self }
    }

    /// Hashes that one statement answers for: `$1` the tree, then columns of where each span begins and ends, and its level.
    async fn read(
        &self,
        sql: &str,
        tree: Uuid,
        spans: &[Span],
        into: &mut BTreeMap<Span, Vec<Hash>>,
    ) -> Result<(), FeedError> {
        if spans.is_empty() {
            return Ok(());
        }
        let froms: Vec<i64> = spans.iter().map(|span| span.from as i64).collect();
        let tos: Vec<i64> = spans.iter().map(|span| span.to as i64).collect();
        let levels: Vec<i16> = spans.iter().map(|span| span.tile_level as i16).collect();
        let asked = sqlx::query(sql).bind(tree).bind(&froms).bind(&tos).bind(&levels).fetch_all(&self.pool);
        for row in asked.await.map_err(failed)? {
            let (nth, bytes): (i64, &[u8]) =
                (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
            let hashes =
                bytes.chunks_exact(32).map(|hash| Hash(hash.try_into().expect("a chunk has 32 bytes")));
            into.insert(spans[nth as usize - 1], hashes.collect());
        }
        Ok(())
    }
}

/// Spans of a table's hashes: each a range of its index, in their order, as one value.
macro_rules! spans_of {
    ($table:literal, $hash:literal, $index:literal, $where:literal) => {
        concat!(
            "select s.nth, coalesce((select string_agg(h.hash, ''::bytea) from (select x.",
            $hash,
            " as hash from ",
            $table,
            " x where ",
            $where,
            " and x.",
            $index,
            " >= s.f and x.",
            $index,
            " < s.t order by x.",
            $index,
            ") h), '') \
             from unnest($2::bigint[], $3::bigint[], $4::smallint[]) with ordinality s (f, t, l, nth)"
        )
    };
}

const LEAVES: &str = spans_of!("ledger.events", "leaf_hash", "sequence", "x.tenant = $1");
const NODES: &str = spans_of!("ledger.tree_nodes", "hash", "index", "x.tree = $1 and x.level = s.l");
const MILESTONES: &str = spans_of!("ledger.checkpoints", "leaf_hash", "entry", "$1::uuid is not null");

#[async_trait]
impl ProofStore for PgProofs {
    async fn hashes(&self, tree: Tree, spans: &[Span]) -> Result<BTreeMap<Span, Vec<Hash>>, FeedError> {
        let (leaves, nodes): (Vec<Span>, Vec<Span>) = spans.iter().partition(|span| span.tile_level == 0);
        let sql = if tree == Tree::Whole { MILESTONES } else { LEAVES };
        let mut found = BTreeMap::new();
        self.read(sql, id(tree), &leaves, &mut found).await?;
        self.read(NODES, id(tree), &nodes, &mut found).await?;
        Ok(found)
    }

    fn at_hand(&self, tree: Tree, span: Span) -> Option<Vec<Hash>> {
        match tree {
            Tree::Tenant(tenant) if span.tile_level == 0 => self.recent.between(tenant, span.from, span.to),
            _ => None,
        }
    }

    async fn nodes(&self, tree: Tree, tile_level: u32) -> Result<u64, FeedError> {
        let sql = "select coalesce(max(index) + 1, 0) from ledger.tree_nodes where tree = $1 and level = $2";
        let asked = sqlx::query_scalar::<_, i64>(sql).bind(id(tree)).bind(tile_level as i16);
        Ok(asked.fetch_one(&self.pool).await.map_err(failed)? as u64)
    }

    async fn keep_nodes(
        &self,
        tree: Tree,
        tile_level: u32,
        from: u64,
        hashes: &[Hash],
    ) -> Result<(), FeedError> {
        let hashes: Vec<&[u8]> = hashes.iter().map(|hash| &hash.0[..]).collect();
        // A node that is lost in a crash is computed again: its commit waits for no disk.
        sqlx::query(
            "with relaxed as materialized (select set_config('synchronous_commit', 'off', true)) \
             insert into ledger.tree_nodes (tree, level, index, hash) \
             select $1, $2, $3 + n.nth - 1, n.hash from unnest($4::bytea[]) with ordinality n (hash, nth), relaxed \
             on conflict do nothing",
        )
        .bind(id(tree))
        .bind(tile_level as i16)
        .bind(from as i64)
        .bind(&hashes)
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn outlook(&self, idle: i64) -> Result<Outlook, FeedError> {
        // One statement, one moment: no size is newer than the position beside it.
        let sql = "with now as materialized (select \
                 (extract(epoch from clock_timestamp()) * 1000000)::bigint as now, \
                 (select position from ledger.head) as position, \
                 (select coalesce(max(entry) + 1, 0) from ledger.checkpoints) as entries, \
                 (select verifier from ledger.signing_keys order by number desc limit 1) as signer) \
             select c.entry, c.tenant, c.size, c.root, c.position, c.issued_at, c.note, h.tenant, h.size, n.now, n.position, n.entries, n.signer \
             from now n left join (ledger.tenant_heads h left join lateral \
                 (select * from ledger.checkpoints c where c.tenant = h.tenant order by c.entry desc limit 1) c on true) \
               on c.entry is null or c.size <> h.size or c.issued_at < n.now - $1";
        let rows = sqlx::query(sql).bind(idle).fetch_all(&self.pool).await.map_err(failed)?;
        let first = rows.first().ok_or_else(|| FeedError("the database did not tell the time".into()))?;
        let number = |row: &PgRow, at: usize| row.try_get::<i64, _>(at).map_err(failed);
        let mut due = Vec::new();
        for row in &rows {
            let Some(tenant) = row.try_get::<Option<Uuid>, _>(7).map_err(failed)? else { continue };
            let signed = row.try_get::<Option<i64>, _>(0).map_err(failed)?.is_some();
            let newest = signed.then(|| issued(row)).transpose()?;
            due.push(Due { tenant, size: number(row, 8)? as u64, newest });
        }
        Ok(Outlook {
            now: number(first, 9)?,
            position: number(first, 10)? as u64,
            entries: number(first, 11)? as u64,
            signer: first.try_get(12).map_err(failed)?,
            due,
        })
    }

    async fn issue(&self, checkpoints: &[Issued]) -> Result<bool, FeedError> {
        let sql = format!(
            "insert into ledger.checkpoints ({CHECKPOINT}, leaf_hash) select * from \
             unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bigint[], $7::text[], $8::bytea[])"
        );
        let numbers =
            |of: fn(&Issued) -> u64| checkpoints.iter().map(|one| of(one) as i64).collect::<Vec<_>>();
        let inserted = sqlx::query(&sql)
            .bind(numbers(|one| one.entry))
            .bind(checkpoints.iter().map(|one| one.tenant).collect::<Vec<_>>())
            .bind(numbers(|one| one.size))
            .bind(checkpoints.iter().map(|one| one.root.0.to_vec()).collect::<Vec<_>>())
            .bind(numbers(|one| one.position))
            .bind(checkpoints.iter().map(|one| one.issued_at).collect::<Vec<_>>())
            .bind(checkpoints.iter().map(|one| one.note.as_str()).collect::<Vec<_>>())
            .bind(checkpoints.iter().map(|one| one.milestone().hash().0.to_vec()).collect::<Vec<_>>())
            .execute(&self.pool)
            .await;
        match inserted {
            Ok(_) => Ok(true),
            Err(sqlx::Error::Database(refused)) if refused.is_unique_violation() => Ok(false),
            Err(cause) => Err(failed(cause)),
        }
    }

    async fn issue_whole(&self, size: u64, root: Hash, at: i64, note: &str) -> Result<(), FeedError> {
        // The checkpoints that it covers are durable, so one that is lost in a crash is signed again, to the same bytes.
        sqlx::query(
            "with relaxed as materialized (select set_config('synchronous_commit', 'off', true)) \
             insert into ledger.whole_checkpoints (size, root, issued_at, note) select $1, $2, $3, $4 from relaxed \
             on conflict do nothing",
        )
        .bind(size as i64)
        .bind(&root.0[..])
        .bind(at)
        .bind(note)
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn newest_whole(&self) -> Result<Option<(u64, Hash)>, FeedError> {
        let asked = sqlx::query("select size, root from ledger.whole_checkpoints order by size desc limit 1");
        let row = asked.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| Ok((row.try_get::<i64, _>(0).map_err(failed)? as u64, hash(&row, 1)?))).transpose()
    }

    async fn unwitnessed(&self, witness: &str) -> Result<Vec<Unwitnessed>, FeedError> {
        let sql = format!(
            "select {WITNESSED}, coalesce((select max(o.size) from ledger.cosignatures w join ledger.checkpoints o \
                 on o.entry = w.entry where w.witness = $1 and o.tenant = h.tenant), 0) \
             from ledger.tenant_heads h cross join lateral (select * from ledger.checkpoints c where c.tenant = h.tenant \
                 order by c.entry desc limit 1) c \
             where not exists (select from ledger.cosignatures w where w.entry = c.entry and w.witness = $1)"
        );
        let rows = sqlx::query(&sql).bind(witness).fetch_all(&self.pool).await.map_err(failed)?;
        let unwitnessed = |row: &PgRow| {
            let last = row.try_get::<i64, _>(7).map_err(failed)? as u64;
            Ok(Unwitnessed { checkpoint: issued(row)?, last })
        };
        rows.iter().map(unwitnessed).collect()
    }

    async fn cosign(&self, entry: u64, witness: &str, at: u64, line: &str) -> Result<(), FeedError> {
        sqlx::query(
            "insert into ledger.cosignatures (entry, witness, cosigned_at, line) values ($1, $2, $3, $4) \
             on conflict do nothing",
        )
        .bind(entry as i64)
        .bind(witness)
        .bind(at as i64)
        .bind(line)
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn adopt_key(&self, verifier: &str) -> Result<String, FeedError> {
        sqlx::query(
            "insert into ledger.signing_keys (number, verifier, adopted_at) \
             select 1, $1, (extract(epoch from clock_timestamp()) * 1000000)::bigint \
             where not exists (select from ledger.signing_keys) on conflict do nothing",
        )
        .bind(verifier)
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        let newest =
            sqlx::query_scalar("select verifier from ledger.signing_keys order by number desc limit 1");
        newest.fetch_one(&self.pool).await.map_err(failed)
    }

    async fn rotate_key(&self, from: &str, to: &SignerKey) -> Result<bool, FeedError> {
        let sql = "with newest as (select number, verifier from ledger.signing_keys order by number desc limit 1), \
                 added as (insert into ledger.signing_keys (number, verifier, adopted_at, statement) \
                 select number + 1, $2, (extract(epoch from clock_timestamp()) * 1000000)::bigint, $3 from newest \
                 where verifier = $1 on conflict do nothing returning verifier) \
             select exists (select from added) or exists (select from newest where verifier = $2)";
        let asked = sqlx::query_scalar(sql).bind(from).bind(&to.verifier).bind(&to.statement);
        asked.fetch_one(&self.pool).await.map_err(failed)
    }

    async fn signing_keys(&self) -> Result<Vec<SignerKey>, FeedError> {
        let asked = sqlx::query("select verifier, statement from ledger.signing_keys order by number");
        let rows = asked.fetch_all(&self.pool).await.map_err(failed)?;
        let key = |row: &PgRow| {
            let (verifier, statement) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
            Ok(SignerKey { verifier, statement })
        };
        rows.iter().map(key).collect()
    }

    async fn tenants(&self) -> Result<Vec<Uuid>, FeedError> {
        let asked = sqlx::query_scalar("select tenant from ledger.tenant_heads order by tenant");
        asked.fetch_all(&self.pool).await.map_err(failed)
    }

    async fn checkpoints(
        &self,
        tenant: Uuid,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Issued>, FeedError> {
        let sql = format!(
            "select {WITNESSED} from ledger.checkpoints c where c.tenant = $1 and c.entry < $2 \
             order by c.entry desc limit $3"
        );
        let before = before.map_or(i64::MAX, |before| before as i64);
        let asked = sqlx::query(&sql).bind(tenant).bind(before).bind(i64::from(limit));
        asked.fetch_all(&self.pool).await.map_err(failed)?.iter().map(issued).collect()
    }

    async fn count(&self, tenant: Uuid, most: u32) -> Result<u64, FeedError> {
        let counted = sqlx::query_scalar::<_, i64>(
            "select count(*) from (select from ledger.checkpoints where tenant = $1 limit $2) c",
        );
        let counted = counted.bind(tenant).bind(i64::from(most)).fetch_one(&self.pool);
        Ok(counted.await.map_err(failed)? as u64)
    }

    async fn tenant_head(&self, tenant: Uuid) -> Result<(u64, Hash), FeedError> {
        let asked = sqlx::query("select size, last from ledger.tenant_heads where tenant = $1").bind(tenant);
        let row = asked.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map_or(Ok((0, Hash::ZERO)), |row| {
            Ok((row.try_get::<i64, _>(0).map_err(failed)? as u64, hash(&row, 1)?))
        })
    }

    async fn event(&self, tenant: Uuid, sequence: u64) -> Result<Option<(Hash, Recorded)>, FeedError> {
        let sql = format!(
            "select {LEDGER_COLUMNS}, (select p.leaf_hash from ledger.events p where p.tenant = $1 and p.sequence = $2 - 1) \
             from ledger.events where tenant = $1 and sequence = $2"
        );
        let asked = sqlx::query(&sql).bind(tenant).bind(sequence as i64).fetch_optional(&self.pool);
        let Some(row) = asked.await.map_err(failed)? else { return Ok(None) };
        let previous = if sequence == 0 { Hash::ZERO } else { hash(&row, 14)? };
        Ok(Some((previous, decode_row(&row).map_err(failed)?)))
    }

    async fn leaves(&self, tenant: Uuid, from: u64, count: u32) -> Result<Vec<Vec<u8>>, FeedError> {
        let sql = "select sequence, leaf_hash, event_id, command_id, recorded_at, stream, revision, event_type, schema_version, actor, \
                 sha256(metadata), sha256(payload) from ledger.events \
             where tenant = $1 and sequence >= $2 and sequence < $3 order by sequence";
        let (first, end) = (from.saturating_sub(1) as i64, from.saturating_add(u64::from(count)) as i64);
        let rows = sqlx::query(sql).bind(tenant).bind(first).bind(end).fetch_all(&self.pool);
        let (mut previous, mut leaves) = (Hash::ZERO, Vec::new());
        for row in rows.await.map_err(failed)? {
            let sequence = row.try_get::<i64, _>(0).map_err(failed)? as u64;
            if sequence >= from {
                leaves.push(leaf(&row, tenant, sequence, previous)?);
            }
            previous = hash(&row, 1)?;
        }
        Ok(leaves)
    }
}

/// The leaf of a row of [`PgProofs::leaves`].
fn leaf(row: &PgRow, tenant: Uuid, sequence: u64, previous: Hash) -> Result<Vec<u8>, FeedError> {
    let leaf = Leaf {
        tenant,
        sequence,
        previous,
        event_id: row.try_get(2).map_err(failed)?,
        command_id: row.try_get(3).map_err(failed)?,
        recorded_at: row.try_get(4).map_err(failed)?,
        stream: row.try_get(5).map_err(failed)?,
        revision: row.try_get::<i64, _>(6).map_err(failed)? as u64,
        event_type: row.try_get(7).map_err(failed)?,
        schema_version: row.try_get::<i16, _>(8).map_err(failed)? as u16,
        actor: row.try_get(9).map_err(failed)?,
        metadata_hash: hash(row, 10)?,
        payload_hash: hash(row, 11)?,
    };
    leaf.encode().map_err(|cause| FeedError(cause.into()))
}

fn id(tree: Tree) -> Uuid {
    match tree {
        Tree::Tenant(tenant) => tenant,
        Tree::Whole => Uuid::nil(),
    }
}

fn hash(row: &PgRow, at: usize) -> Result<Hash, FeedError> {
    let bytes: &[u8] = row.try_get(at).map_err(failed)?;
    bytes.try_into().map(Hash).map_err(|_| FeedError("a stored hash is not 32 bytes long".into()))
}

pub(crate) fn issued(row: &PgRow) -> Result<Issued, FeedError> {
    let number = |at: usize| row.try_get::<i64, _>(at).map_err(failed);
    Ok(Issued {
        entry: number(0)? as u64,
        tenant: row.try_get(1).map_err(failed)?,
        size: number(2)? as u64,
        root: hash(row, 3)?,
        position: number(4)? as u64,
        issued_at: number(5)?,
        note: row.try_get(6).map_err(failed)?,
    })
}

pub(crate) fn failed(cause: sqlx::Error) -> FeedError {
    FeedError(cause.into())
}
