-- `target_id` finds what these found: an entry about a cluster or a user stands in its stream. Each index costs every event.
set local role clustermaster_projector;

drop index read.audit_logs_cluster_id;
drop index read.audit_logs_user_id;

reset role;
