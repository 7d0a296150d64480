//! The event log on a KurrentDB (`EventStoreDB`) cluster.
