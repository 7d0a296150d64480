//! Opens the ways out of exports: the vault's secrets, and the gateway that speaks to the other side.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hub_commands::ports::{Clock, ExportGate, Vault};
use hub_domain::export::Transport;
use hub_domain::kernel::{ExportId, TenantId, TypedId as _};
use hub_projections::models::{AuditLog, ExportVersion};
use hub_projections::outlet::{Outlet, OutletMaker, Unopened};
use hub_siem::SiemOutlet;
use hub_siem::transport::{OpenError, Part, Secrets, Settings, check};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;

use crate::cli::{ExportConfig, StoreConfig};

/// How long a test waits for the other side.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens exports for one hub.
pub struct Maker {
    vault: Arc<dyn Vault>,
    clock: Arc<dyn Clock>,
    config: ExportConfig,
    /// Where files of exports lie: below it a folder for each tenant.
    folder: PathBuf,
}

impl Maker {
    /// Over the vault, within what the hub allows. Makes the folder in the data folder where no other was chosen.
    pub fn new(
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
        config: &ExportConfig,
        store: &StoreConfig,
    ) -> std::io::Result<Self> {
        // One that was chosen must be there: a mount that is missing should not be written beside.
        let own = || {
            let own = store.data_dir.join("exports");
            std::fs::create_dir_all(&own).map(|()| own)
        };
        let folder = config.export_dir.clone().map_or_else(own, Ok)?;
        Ok(Self { vault, clock, config: config.clone(), folder })
    }

    fn settings(&self, tenant: TenantId, id: ExportId) -> Settings {
        Settings {
            export_dir: Some(self.folder.clone()),
            allow_loopback: !self.config.exports_forbid_loopback,
            allow_plaintext: self.config.exports_allow_plaintext,
            ..Settings::new(tenant, id, self.clock.clone())
        }
    }

    async fn secrets(&self, export: &ExportVersion) -> Result<Secrets, Unopened> {
        let Some(credentials) = &export.credentials else { return Ok(Secrets::default()) };
        let tenant = TenantId::from_uuid(export.tenant);
        let kept = self.vault.get(tenant, &credentials.secret).await;
        let kept = kept.map_err(|cause| Unopened(format!("its secrets cannot be had: {cause}")))?;
        let unreadable = || Unopened("its secrets are not what the vault was given".to_owned());
        let text = std::str::from_utf8(kept.expose_secret()).map_err(|_| unreadable())?;
        Secrets::parse(&SecretString::from(text)).map_err(|_| unreadable())
    }

    async fn outlet(&self, export: &ExportVersion) -> Result<SiemOutlet, Unopened> {
        let id: ExportId = export.id.parse().map_err(|_| Unopened("its id is none".to_owned()))?;
        let tenant = TenantId::from_uuid(export.tenant);
        let settings = self.settings(tenant, id);
        let secrets = self.secrets(export).await?;
        let opened = hub_siem::open(export.format, &export.transport, &secrets, &settings);
        opened.map_err(|cause| Unopened(cause.to_string()))
    }
}

#[async_trait]
impl ExportGate for Maker {
    async fn admit(
        &self,
        tenant: TenantId,
        transport: &Transport,
        secrets: &BTreeMap<&'static str, SecretString>,
    ) -> Result<(), (String, String)> {
        let given = |name| secrets.get(name).cloned();
        let secrets = Secrets {
            token: given("token"),
            username: given("username"),
            password: given("password"),
            signing_key: given("signing_key"),
            ..Secrets::default()
        };
        // Any id will do: nothing is opened to stay.
        let settings = self.settings(tenant, ExportId::from_uuid(tenant.uuid()));
        let transport = transport.clone();
        // Making a client of Kafka and letting it go takes its own threads some time.
        let checked = tokio::task::spawn_blocking(move || check(&transport, &secrets, &settings)).await;
        match checked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(OpenError { part, pointer, rule })) => Err((below(part, &pointer), rule)),
            Err(_) => Err(("/transport".to_owned(), "cannot be opened".to_owned())),
        }
    }
}

/// Where a member stands in the body of whoever creates an export.
fn below(part: Part, pointer: &str) -> String {
    match part {
        Part::Transport => format!("/transport{pointer}"),
        Part::Secrets => format!("/credentials{pointer}"),
    }
}

#[async_trait]
impl OutletMaker for Maker {
    async fn open(&self, export: &ExportVersion) -> Result<Arc<dyn Outlet<AuditLog>>, Unopened> {
        Ok(Arc::new(self.outlet(export).await?))
    }

    async fn test(&self, export: &ExportVersion) -> Result<String, Unopened> {
        let outlet = self.outlet(export).await?;
        match timeout(PATIENCE, outlet.test()).await {
            Ok(Ok(())) => Ok("the other side has taken the message".to_owned()),
            Ok(Err(undelivered)) => Err(Unopened(undelivered.message)),
            Err(_) => Err(Unopened(format!("no answer within {} seconds", PATIENCE.as_secs()))),
        }
    }
}
