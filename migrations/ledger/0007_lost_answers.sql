-- A browser whose answer to a refresh was lost shows the old token again (decision 0019). Which sessions a browser holds:
alter table vault.sessions add column browser boolean not null default false;

-- What a used token was exchanged for. A used one without it was withdrawn, or used before there was this column.
alter table vault.refresh_tokens add column successor bytea;
