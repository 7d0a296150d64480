-- Exports, each version from the event that made it (`valid_from`) to the one that ended it (`valid_to`).
set local role clustermaster_projector;

create table read.exports (
  tenant      uuid        not null,
  id          text        collate "C" not null,
  name        text        collate "C" not null,
  status      text        collate "C" not null, -- `active`, `paused` or `deleted`
  format      text        collate "C" not null,
  transport   jsonb       not null,
  filter      jsonb       not null,
  credentials jsonb,                            -- the vault's name for them, and a fingerprint
  start_after bigint      not null,             -- what lies behind this position goes out,
  said_at     bigint      not null,             -- as the event at this one has said
  retried_at  bigint      not null,             -- of the newest event that asked to try dead letters again; 0: none
  revision    bigint      not null,
  created_at  timestamptz not null,
  created_by  text        collate "C" not null,
  updated_at  timestamptz not null,
  updated_by  text        collate "C" not null,
  valid_from  bigint      not null,
  valid_to    bigint,                           -- null: the present version
  constraint exports_pkey primary key (tenant, id, valid_from)
);
create unique index exports_current on read.exports (tenant, id) where valid_to is null;
create index exports_updated_at on read.exports (tenant, updated_at, valid_from);
create index exports_active on read.exports (id) where valid_to is null and status = 'active';
select read.expose('exports');

reset role;
