-- From where an event came, by which request, under which change. Null in rows that the older fold has written: the table is
-- built again by the new one.
set local role clustermaster_projector;

alter table read.audit_logs
  add column origin_sealed  text,              -- sealed under the actor's key, or under that of the user it is about
  add column request_id     text collate "C",
  add column change_request text collate "C";

reset role;
