-- The read models: what the events come down to. Every row can be built again from the ledger.
-- A projection writes as the owner; readers pass row-level security, tenant by tenant.

set local role clustermaster_projector;

-- How far each projection has read. Moved in the transaction of the rows; whoever moves it holds the table.
create table read.cursors (
  name       text        collate "C" primary key,
  version    integer     not null,           -- of the projection's code that built the table
  position   bigint      not null default 0, -- the newest event that the table has seen
  generation bigint      not null default 0, -- one more each time a rebuilt table takes the place of the old one
  moved_at   timestamptz not null default now(),
  stopped_at timestamptz,                    -- set while the projection stands before an event it cannot read
  stopped_by bigint,                         -- the position of that event
  error      text                            -- what is wrong with it
) with (fillfactor = 20);
grant select (name, version, position, generation) on read.cursors to clustermaster_reader;

-- What every table for readers has: row-level security by tenant, and the right to select.
create function read.expose(target text) returns void language plpgsql as $$
begin
  execute format('alter table read.%I enable row level security', target);
  execute format(
    'create policy tenant on read.%I for select to clustermaster_reader '
    'using (tenant = nullif(current_setting(''clustermaster.tenant'', true), '''')::uuid)', target);
  execute format('grant select on read.%I to clustermaster_reader', target);
end
$$;

-- An empty `<target>__next` beside a table: its columns and checks, its security, no index yet.
create function read.clone_table(target text) returns void language plpgsql as $$
begin
  execute format('drop table if exists read.%I', target || '__next');
  execute format('create table read.%I (like read.%I including all excluding indexes)', target || '__next', target);
  perform read.expose(target || '__next');
end
$$;

-- The indexes of a table on its clone. Apart from the clone, since rows that are only ever added load faster first.
create function read.clone_indexes(target text) returns void language plpgsql as $$
declare
  found record;
begin
  for found in
    select c.relname as name, i.indisprimary as is_primary, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = format('read.%I', target)::regclass
  loop
    execute regexp_replace(found.definition, ' INDEX (.+?) ON (.+?) USING ',
      format(' INDEX %I ON read.%I USING ', found.name || '__next', target || '__next'));
    if found.is_primary then
      execute format('alter table read.%I add primary key using index %I',
        target || '__next', found.name || '__next');
    end if;
  end loop;
end
$$;

-- The clone takes the table's place and names. One transaction with the cursor; readers wait for milliseconds at most.
create function read.switch_table(target text) returns void language plpgsql as $$
declare
  found record;
begin
  execute format('drop table read.%I', target);
  execute format('alter table read.%I rename to %I', target || '__next', target);
  for found in
    select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = format('read.%I', target)::regclass
  loop
    execute format('alter index read.%I rename to %I', found.name, regexp_replace(found.name, '__next$', ''));
  end loop;
end
$$;

-- Clusters, each version from the event that made it (`valid_from`) to the one that ended it (`valid_to`).
create table read.clusters (
  tenant      uuid        not null,
  id          text        collate "C" not null,
  name        text        collate "C" not null,
  provider    text        collate "C" not null,
  region      text        collate "C" not null,
  status      text        collate "C" not null,
  health      text        collate "C" not null, -- `unknown` while nothing has been observed
  k8s_version text        collate "C",
  nodes_total integer     not null,
  nodes_ready integer     not null,
  labels      jsonb       not null,
  issues      jsonb       not null,
  endpoint    text        collate "C" not null, -- scheme, host and port of the API server
  uid         text        collate "C",
  failure     jsonb,                            -- why the last import or change of credentials failed
  revision    bigint      not null,
  created_at  timestamptz not null,
  created_by  text        collate "C" not null,
  updated_at  timestamptz not null,
  updated_by  text        collate "C" not null,
  valid_from  bigint      not null,
  valid_to    bigint,                           -- null: the present version
  constraint clusters_pkey primary key (tenant, id, valid_from)
);
create unique index clusters_current on read.clusters (tenant, id) where valid_to is null;
create index clusters_name on read.clusters (tenant, name, id) where valid_to is null;
create index clusters_updated_at on read.clusters (tenant, updated_at, valid_from);
select read.expose('clusters');

-- Users. Personal data stands here as in the ledger: sealed under the user's own key.
create table read.users (
  tenant              uuid        not null,
  id                  text        collate "C" not null,
  status              text        collate "C" not null,
  roles               text[]      not null,
  email_sealed        text,                     -- null once the user is deleted
  display_name_sealed text,
  revision            bigint      not null,
  created_at          timestamptz not null,
  created_by          text        collate "C" not null,
  updated_at          timestamptz not null,     -- of the account; a sign-in is no change of it
  updated_by          text        collate "C" not null,
  last_signed_in_at   timestamptz,
  position            bigint      not null,     -- of the newest event in the row
  constraint users_pkey primary key (tenant, id)
);
create index users_created_at on read.users (tenant, created_at, id);
select read.expose('users');

-- The audit log: one row an event, in the ledger's order.
create table read.audit_logs (
  tenant      uuid        not null,
  position    bigint      not null,
  sequence    bigint      not null,             -- gapless within the tenant, from 0
  id          uuid        not null,             -- the event's id
  recorded_at timestamptz not null,
  actor       text        collate "C" not null,
  action      text        collate "C" not null, -- the command: `cluster.import`
  event_type  text        collate "C" not null,
  target_type text        collate "C" not null,
  target_id   text        collate "C" not null, -- the stream
  revision    bigint      not null,
  outcome     text        collate "C" not null, -- `succeeded`, `failed` or `refused`
  reason      text,
  trace_id    text        collate "C",
  caused_by   uuid,
  summary     text        not null,
  before      jsonb,
  after       jsonb,
  payload     jsonb       not null,
  leaf_hash   text        collate "C" not null, -- lowercase hex
  cluster_id  text        collate "C",          -- the cluster that the entry is about
  user_id     text        collate "C",          -- the user that the entry is about
  constraint audit_logs_pkey primary key (tenant, position)
);
create unique index audit_logs_id on read.audit_logs (id);
create index audit_logs_recorded_at on read.audit_logs (tenant, recorded_at);
create index audit_logs_actor on read.audit_logs (tenant, actor, position);
create index audit_logs_action on read.audit_logs (tenant, action, position);
create index audit_logs_event_type on read.audit_logs (tenant, event_type, position);
create index audit_logs_target_id on read.audit_logs (tenant, target_id, position);
create index audit_logs_cluster_id on read.audit_logs (tenant, cluster_id, position) where cluster_id is not null;
create index audit_logs_user_id on read.audit_logs (tenant, user_id, position) where user_id is not null;
create index audit_logs_outcome on read.audit_logs (tenant, position) where outcome <> 'succeeded';
select read.expose('audit_logs');

-- The newest sample of each cluster. Not a projection: samples are no events. The observer writes it.
create table read.observations (
  tenant       uuid        not null,
  cluster_id   text        collate "C" not null,
  last_checked timestamptz not null,
  answered_at  timestamptz,                     -- when `sample` was taken; null: the cluster never answered
  sample       jsonb,
  constraint observations_pkey primary key (tenant, cluster_id)
);
select read.expose('observations');
create policy observer on read.observations to clustermaster_writer using (true) with check (true);
grant select, insert, update, delete on read.observations to clustermaster_writer;

reset role;
