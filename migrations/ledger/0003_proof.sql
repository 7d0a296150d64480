-- What is signed over the ledger, and the nodes that keep a proof short.

-- Roots of perfect subtrees, of every eighth level only: those over 256 leaves (level 1), over 256 of these (level 2), and so
-- on. Derivable from the leaf hashes. `tree` is a tenant, or the nil UUID for the log of all checkpoints.
create table ledger.tree_nodes (
  tree  uuid     not null,
  level smallint not null check (level > 0),
  index bigint   not null,
  hash  bytea    not null check (octet_length(hash) = 32),
  constraint tree_nodes_pkey primary key (tree, level, index)
);

-- The signed checkpoints of the tenants. Together they are a log of their own: `entry` is its index, gapless from 0, and
-- `leaf_hash` the hash of a milestone (tenant, size, root, position, time).
create table ledger.checkpoints (
  entry     bigint not null,
  tenant    uuid   not null,
  size      bigint not null,
  root      bytea  not null check (octet_length(root) = 32),
  position  bigint not null, -- the newest of the whole database when it was taken
  issued_at bigint not null, -- microseconds since 1970
  leaf_hash bytea  not null check (octet_length(leaf_hash) = 32),
  note      text   collate "C" not null,
  constraint checkpoints_pkey primary key (entry)
);
create index checkpoints_tenant on ledger.checkpoints (tenant, entry);

-- The signed checkpoints of that log.
create table ledger.whole_checkpoints (
  size      bigint not null,
  root      bytea  not null check (octet_length(root) = 32),
  issued_at bigint not null,
  note      text   collate "C" not null,
  constraint whole_checkpoints_pkey primary key (size)
);

-- The keys that have signed, the newest last. A key is public here; who holds the secret is a file's matter.
create table ledger.signing_keys (
  number     integer not null,
  verifier   text    collate "C" not null,
  adopted_at bigint  not null,
  constraint signing_keys_pkey primary key (number),
  constraint signing_keys_verifier_key unique (verifier)
);

-- What witnesses have signed under checkpoints: a line of the note each.
create table ledger.cosignatures (
  entry       bigint not null references ledger.checkpoints (entry),
  witness     text   collate "C" not null,
  cosigned_at bigint not null, -- by the witness's clock, seconds since 1970
  line        text   collate "C" not null,
  constraint cosignatures_pkey primary key (entry, witness)
);

create trigger append_only before update or delete or truncate on ledger.cosignatures
  for each statement execute function ledger.refuse();
create trigger append_only before update or delete or truncate on ledger.tree_nodes
  for each statement execute function ledger.refuse();
create trigger append_only before update or delete or truncate on ledger.checkpoints
  for each statement execute function ledger.refuse();
create trigger append_only before update or delete or truncate on ledger.whole_checkpoints
  for each statement execute function ledger.refuse();
create trigger append_only before update or delete or truncate on ledger.signing_keys
  for each statement execute function ledger.refuse();

grant select, insert on ledger.tree_nodes, ledger.checkpoints, ledger.whole_checkpoints, ledger.signing_keys,
  ledger.cosignatures
  to clustermaster_writer;
