-- The log elsewhere that this ledger is a copy of. Without a row the ledger is the log itself, and nothing else may write it.
create table ledger.copied_log (
  one        boolean primary key default true check (one),
  log        text    collate "C" not null, -- its name
  next       bigint  not null,             -- the number of its next entry: so many are copied
  adopted_at bigint  not null              -- microseconds since 1970
) with (fillfactor = 10);

create trigger append_only before delete or truncate on ledger.copied_log
  for each statement execute function ledger.refuse();

grant select, insert, update on ledger.copied_log to clustermaster_writer;
