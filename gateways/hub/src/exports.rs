//! Opens the ways out of exports: the vault's secrets, and the gateway that speaks to the other side.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use hub_commands::ports::Vault;
use hub_domain::kernel::{TenantId, TypedId as _};
use hub_projections::models::{AuditLog, ExportVersion};
use hub_projections::outlet::{Outlet, OutletMaker, Unopened};
use secrecy::{ExposeSecret as _, SecretString};

/// What an export signs in with, by name: `token`, `username`, `password`, `signing_key`.
pub type Secrets = BTreeMap<String, SecretString>;

/// Opens exports for one hub.
pub struct Maker {
    vault: Arc<dyn Vault>,
    /// Where files of exports lie: below it a folder for each tenant.
    folder: PathBuf,
}

impl Maker {
    /// Over the vault; files go below `folder`.
    pub fn new(vault: Arc<dyn Vault>, folder: PathBuf) -> Self {
        Self { vault, folder }
    }

    async fn secrets(&self, export: &ExportVersion) -> Result<Secrets, Unopened> {
        let Some(credentials) = &export.credentials else { return Ok(Secrets::new()) };
        let tenant = TenantId::from_uuid(export.tenant);
        let kept = self.vault.get(tenant, &credentials.secret).await;
        let kept = kept.map_err(|cause| Unopened(format!("its secrets cannot be had: {cause}")))?;
        serde_json::from_slice(kept.expose_secret())
            .map_err(|_| Unopened("its secrets are not what the vault was given".to_owned()))
    }

    /// The one place where the gateway is asked. `folder` is the tenant's own.
    #[allow(clippy::unused_async, reason = "a way out is opened over the network")]
    async fn way_out(
        &self,
        export: &ExportVersion,
        _secrets: Secrets,
        _folder: PathBuf,
    ) -> Result<Arc<dyn Outlet<AuditLog>>, Unopened> {
        let (format, kind) = (export.format.as_str(), export.transport.kind());
        Err(Unopened(format!("this build cannot send {format} by {kind}")))
    }
}

#[async_trait]
impl OutletMaker for Maker {
    async fn open(&self, export: &ExportVersion) -> Result<Arc<dyn Outlet<AuditLog>>, Unopened> {
        let secrets = self.secrets(export).await?;
        let folder = self.folder.join(TenantId::from_uuid(export.tenant).to_string());
        self.way_out(export, secrets, folder).await
    }
}
