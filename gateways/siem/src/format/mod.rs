//! What a SIEM reads: an entry of the audit log, written in one of its formats.
