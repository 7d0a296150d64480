-- What must be erasable, changeable or secret, and so may not stand in the ledger. Only the writer role sees it.

-- The root of every derived key (fingerprints, blind digests, access tokens), wrapped by the key-encryption key:
-- a new key-encryption key re-wraps it and leaves what was derived from it valid.
create table vault.root_key (
  one         boolean     primary key default true check (one),
  kek_id      text        collate "C" not null,
  wrapped_key bytea       not null,
  created_at  timestamptz not null default now()
);

-- Secrets (credentials of clusters and integrations), each under its own data key.
create table vault.secrets (
  tenant      uuid        not null,
  reference   text        collate "C" not null,
  kek_id      text        collate "C" not null,
  wrapped_key bytea       not null, -- the data key, sealed by the key-encryption key
  sealed      bytea       not null, -- version, nonce, ciphertext and tag
  created_at  timestamptz not null default now(),
  constraint secrets_pkey primary key (tenant, reference)
);
alter table vault.secrets alter column sealed set storage external;

-- One key for the personal data of each subject. A destroyed key leaves its row behind as a fence.
create table vault.subject_keys (
  tenant       uuid        not null,
  subject      text        collate "C" not null,
  kek_id       text        collate "C",
  wrapped_key  bytea,
  created_at   timestamptz not null default now(),
  destroyed_at timestamptz,
  constraint subject_keys_pkey primary key (tenant, subject),
  constraint subject_keys_fence check (
    case when destroyed_at is null then kek_id is not null and wrapped_key is not null
         else kek_id is null and wrapped_key is null end)
);

create function vault.keep_fence() returns trigger language plpgsql as $$
begin
  raise exception 'a destroyed subject key stays destroyed' using errcode = 'insufficient_privilege';
end
$$;
create trigger keep_fence before update or delete on vault.subject_keys
  for each row when (old.destroyed_at is not null) execute function vault.keep_fence();

-- Passwords (argon2id, PHC strings) under a blinded login.
create table vault.credentials (
  tenant        uuid        not null,
  user_id       uuid        not null,
  login         bytea       not null,
  password_hash text        not null,
  changed_at    timestamptz not null default now(),
  constraint credentials_pkey primary key (tenant, user_id),
  constraint credentials_login_key unique (tenant, login),
  constraint credentials_login_length check (octet_length(login) = 32)
);

-- Sign-ins.
create table vault.sessions (
  id         uuid        not null,
  tenant     uuid        not null,
  user_id    uuid        not null,
  expires_at timestamptz not null,
  ended_at   timestamptz,
  constraint sessions_pkey primary key (id)
);
create index sessions_user on vault.sessions (tenant, user_id);

-- Every refresh token that a session ever had, as SHA-256: a used one that comes back ends the session.
create table vault.refresh_tokens (
  hash       bytea       not null,
  session_id uuid        not null references vault.sessions (id) on delete cascade,
  used_at    timestamptz,
  constraint refresh_tokens_pkey primary key (hash),
  constraint refresh_tokens_hash_length check (octet_length(hash) = 32)
);
create index refresh_tokens_session on vault.refresh_tokens (session_id);

-- Names that only one thing may have. `ledger` is the tenant in whose ledger the owner's stream lives: the claim's own
-- one, but for a tenant's name, which is claimed before there is a tenant.
create table vault.claims (
  tenant     uuid        not null,
  kind       text        collate "C" not null,
  value      text        collate "C" not null,
  owner      text        collate "C" not null,
  ledger     uuid        not null,
  claimed_at timestamptz not null default now(),
  constraint claims_pkey primary key (tenant, kind, value)
);

-- Turns between hub processes. A row stays when its turn is over: the token may never go back.
create table vault.leases (
  name       text        collate "C" not null,
  holder     text        not null,
  token      bigint      not null,
  expires_at timestamptz not null,
  constraint leases_pkey primary key (name)
);

grant select, insert, update on vault.root_key to clustermaster_writer;
grant select, insert, update, delete on vault.secrets to clustermaster_writer;
-- Not deleted: the fence would go with the row.
grant select, insert, update on vault.subject_keys to clustermaster_writer;
grant select, insert, update, delete on vault.credentials to clustermaster_writer;
grant select, insert, update, delete on vault.sessions to clustermaster_writer;
grant select, insert, update, delete on vault.refresh_tokens to clustermaster_writer;
grant select, insert, update, delete on vault.claims to clustermaster_writer;
grant select, insert, update on vault.leases to clustermaster_writer;
