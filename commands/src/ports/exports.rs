//! Ways out of the hub, as the write side sees them: something that this hub allows or does not.

use std::collections::BTreeMap;

use async_trait::async_trait;
use hub_domain::export::Transport;
use hub_domain::kernel::TenantId;
use secrecy::SecretString;

/// What this hub allows of exports.
#[async_trait]
pub trait ExportGate: Send + Sync + 'static {
    /// Passes when an export could be opened as it stands; whether the other side is there is not asked. The error names the
    /// member (JSON Pointer: `/transport/tls`, `/credentials/token`) and the rule, and nothing of what was handed in.
    async fn admit(
        &self,
        tenant: TenantId,
        transport: &Transport,
        secrets: &BTreeMap<&'static str, SecretString>,
    ) -> Result<(), (String, String)>;
}
