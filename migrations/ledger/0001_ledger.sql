-- The ledger: append-only by grant and by trigger. Names and bytes: see the README beside this folder.

do $$
declare
  name text;
begin
  foreach name in array array['clustermaster_writer', 'clustermaster_projector', 'clustermaster_reader'] loop
    begin
      execute format('create role %I nologin', name);
    exception when duplicate_object or unique_violation then
      null; -- roles belong to the server: another database of it may have made them
    end;
    if not pg_has_role(current_user, name, 'member') then
      execute format('grant %I to current_user', name);
    end if;
  end loop;
end
$$;

create schema ledger;
create schema vault;
create schema read authorization clustermaster_projector;
grant usage on schema ledger to clustermaster_writer, clustermaster_projector;
grant usage on schema vault to clustermaster_writer;
grant usage on schema read to clustermaster_writer, clustermaster_reader;

-- One row an event. The leaf is not stored: it is rebuilt from these columns and the hash of the tenant's
-- row before, so no column can be altered without `leaf_hash` telling.
create table ledger.events (
  position       bigint   not null, -- gapless over all tenants, from 1
  sequence       bigint   not null, -- gapless within the tenant, from 0
  revision       bigint   not null, -- gapless within the stream, from 0
  recorded_at    bigint   not null, -- microseconds since 1970; never decreases with position
  tenant         uuid     not null,
  event_id       uuid     not null,
  command_id     uuid     not null,
  schema_version smallint not null,
  stream         text     collate "C" not null,
  event_type     text     collate "C" not null,
  actor          text     collate "C" not null,
  leaf_hash      bytea    not null,
  metadata       bytea    not null, -- the very bytes that were hashed: UTF-8 JSON
  payload        bytea    not null, -- likewise
  constraint events_pkey primary key (position),
  constraint events_stream_key unique (tenant, stream, revision),
  constraint events_sequence_key unique (tenant, sequence),
  constraint events_leaf_hash_length check (octet_length(leaf_hash) = 32)
);
alter table ledger.events alter column payload set storage external;

-- Where the log ends. `epoch` fences a writer whose last statement may still be under way.
create table ledger.head (
  one         boolean primary key default true check (one),
  position    bigint  not null,
  epoch       bigint  not null,
  recorded_at bigint  not null
) with (fillfactor = 10);
insert into ledger.head (position, epoch, recorded_at) values (0, 0, 0);

-- Where each tenant's chain ends. Derivable from the events; `verify` holds both against each other.
create table ledger.tenant_heads (
  tenant uuid   primary key,
  size   bigint not null,
  last   bytea  not null check (octet_length(last) = 32)
) with (fillfactor = 50);

-- Receipts of commands that came under an idempotency key, written in the transaction of their events.
create table ledger.receipts (
  tenant      uuid   not null,
  key         text   collate "C" not null,
  fingerprint bytea  not null,
  stream      text   not null,
  revision    bigint,
  position    bigint not null,
  event_ids   uuid[] not null,
  recorded_at bigint not null,
  constraint receipts_pkey primary key (tenant, key)
);

create function ledger.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete or truncate on ledger.events
  for each statement execute function ledger.refuse();
create trigger append_only before update or delete or truncate on ledger.receipts
  for each statement execute function ledger.refuse();

grant select, insert on ledger.events, ledger.receipts to clustermaster_writer;
grant select, update on ledger.head to clustermaster_writer;
grant select, insert, update on ledger.tenant_heads to clustermaster_writer;
grant select on ledger.events, ledger.head to clustermaster_projector;

-- The shape that postgres-es 0.5 reads. Read-only; both readers are held against each other by a test.
create view ledger.postgres_es_events as
select split_part(stream, '_', 1)                                  as aggregate_type,
       stream                                                      as aggregate_id,
       revision + 1                                                as sequence,
       event_type,
       schema_version::text                                        as event_version,
       json_build_object('type', event_type, 'data', convert_from(payload, 'UTF8')::json) as payload,
       convert_from(metadata, 'UTF8')::json                        as metadata
from ledger.events;
grant select on ledger.postgres_es_events to clustermaster_writer;
