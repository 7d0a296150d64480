-- What an entry refers to is asked for by itself: the effects of an event, and what was done in a request or under a change
-- request. Few entries of a busy log name any: the hub's own looks at clusters do not.
set local role clustermaster_projector;

create index audit_logs_caused_by on read.audit_logs (tenant, caused_by, position) where caused_by is not null;
create index audit_logs_request_id on read.audit_logs (tenant, request_id, position) where request_id is not null;
create index audit_logs_change_request on read.audit_logs (tenant, change_request, position) where change_request is not null;

reset role;
