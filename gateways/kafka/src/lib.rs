//! The event bus: every event to Kafka, in the ledger's order, and a reader that trusts nobody.
