-- What leaves the hub: how far each outlet has come, whose turn it is to drive it, and what it set aside.

create schema outlet;
grant usage on schema outlet to clustermaster_writer;

create table outlet.outlets (
  name          text        collate "C" not null, -- an export's id, or `kafka`
  tenant        uuid, -- null for the bus
  position      bigint      not null, -- everything up to it is outside, held back by a filter, or set aside
  said_at       bigint      not null, -- the position of the event that set `position` last: a replay happens once
  retried_at    bigint      not null default 0, -- of the one that asked to try dead letters again
  entries       bigint      not null default 0, -- checkpoints of entries below have been sent
  tally         jsonb, -- what went out since the last manifest
  delivered     bigint      not null default 0,
  delivered_at  timestamptz,
  recorded_at   bigint, -- of the last event that went out, microseconds since 1970
  failures      bigint      not null default 0, -- since it last went well
  error         text,
  failed_at     timestamptz,
  holder        text        not null,
  token         bigint      not null, -- fences: one more with each turn
  expires_at    timestamptz not null,
  constraint outlets_pkey primary key (name)
) with (fillfactor = 50);

create table outlet.dead_letters (
  outlet     text        collate "C" not null references outlet.outlets (name),
  position   bigint      not null,
  tenant     uuid        not null,
  event_id   uuid        not null,
  event_type text        collate "C" not null,
  error      text        not null,
  attempts   integer     not null,
  since      timestamptz not null default now(),
  due        boolean     not null default false, -- to be tried again
  constraint dead_letters_pkey primary key (outlet, position)
);
create index dead_letters_due on outlet.dead_letters (outlet, position) where due;

-- The sequence of a tenant's first event behind a position, or the one that it will have: both grow together.
create function ledger.sequence_after(whose uuid, after bigint) returns bigint language plpgsql stable as $$
declare
  low    bigint := 0;
  high   bigint;
  middle bigint;
begin
  select e.sequence + 1 into high from ledger.events e where e.tenant = whose order by e.sequence desc limit 1;
  high := coalesce(high, 0);
  while low < high loop
    middle := (low + high) / 2;
    if (select e.position from ledger.events e where e.tenant = whose and e.sequence = middle) > after then
      high := middle;
    else
      low := middle + 1;
    end if;
  end loop;
  return low;
end
$$;

grant select, insert, update on outlet.outlets to clustermaster_writer;
-- A dead letter goes once it went out: what happened to it stands in the ledger.
grant select, insert, update, delete on outlet.dead_letters to clustermaster_writer;
