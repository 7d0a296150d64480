-- Users are versioned, as clusters are. This adds only: rows of the release before are versions that hold, and what it goes on
-- writing until the hub has built the table anew (version 2 of the projection) is made into such ones.
set local role clustermaster_projector;

alter table read.users
  add column recorded_at timestamptz, -- when the event was recorded that made this version; `updated_at` is that of the account
  add column valid_from  bigint,
  add column valid_to    bigint;      -- null: the present version
update read.users set valid_from = position;
alter table read.users alter column valid_from set not null;

-- Stays with the table of the release before: a table that is built anew has no triggers.
create function read.users_of_version_1() returns trigger language plpgsql as $$
begin
  new.valid_from := coalesce(new.valid_from, new.position);
  return new;
end
$$;
create trigger version_1 before insert on read.users for each row execute function read.users_of_version_1();

alter table read.users drop constraint users_pkey;
alter table read.users add constraint users_pkey primary key (tenant, id, valid_from);
create unique index users_current on read.users (tenant, id) where valid_to is null;
drop index read.users_created_at;
create index users_created_at on read.users (tenant, created_at, id) where valid_to is null;
create index users_recorded_at on read.users (tenant, recorded_at, valid_from);

-- When a hub last held a projection's table against a refold of the log, and what it found. No projection: the hubs write it.
create table read.self_checks (
  name       text        collate "C" primary key,
  checked_at timestamptz not null,
  position   bigint      not null, -- of the log, at which table and refold were compared
  drift      bigint      not null, -- rows that are missing, too many or different
  agreed_at  timestamptz           -- when they were last the same; null: never yet
);

reset role;
