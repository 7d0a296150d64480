-- What both keys have signed when one gave way to the other; null for the first.
alter table ledger.signing_keys add column statement text collate "C";
