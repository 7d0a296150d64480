-- A browser whose answer to a refresh was lost shows the old token again (decision 0019). Which sessions a browser holds:
alter table vault.sessions add column browser boolean not null default false;

-- What a browser exchanged a token for. A used one without it serves no second time: it was withdrawn, exchanged by a program, or by a hub of
-- the release before.
alter table vault.refresh_tokens add column successor bytea;
