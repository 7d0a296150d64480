//! Both halves together: entries of the audit log go in, messages in the export's format go out by its transport.

use async_trait::async_trait;
use hub_domain::export::{Format, Transport as Config};
use hub_domain::kernel::TypedId as _;
use hub_projections::models::AuditLog;
use hub_projections::outlet::{Fault, Notice, Outlet, Undelivered};
use serde_json::json;
use uuid::Builder;

use crate::format::{FormatError, Product, Writer};
use crate::transport::{self, OpenError, Secrets, Settings, Transport};

/// An export, opened.
pub struct SiemOutlet {
    writer: Writer,
    transport: Box<dyn Transport>,
    settings: Settings,
}

/// Opens an export: what goes out, and by which way. Touches neither the network nor a disk.
pub fn open(
    format: Format,
    transport: &Config,
    secrets: &Secrets,
    settings: &Settings,
) -> Result<SiemOutlet, OpenError> {
    let transport = transport::open(transport, secrets, settings)?;
    let product = Product { version: env!("CARGO_PKG_VERSION").into(), hub: settings.host.clone() };
    Ok(SiemOutlet { writer: Writer::new(format, product), transport, settings: settings.clone() })
}

impl SiemOutlet {
    /// Sends one entry that stands in no ledger, so that people see whether an export works: its type is `export.tested.v1`.
    pub async fn test(&self) -> Result<(), Undelivered> {
        let message = self.writer.entry(&self.sample()).map_err(|error| unwritable(0, &error))?;
        self.transport.send(&[message]).await
    }

    fn sample(&self) -> AuditLog {
        let (now, export) = (self.settings.clock.now(), self.settings.export);
        // The time, to the microsecond, makes it another one each time; of chance there is nothing to be had here.
        let [_, _, _, _, _, _, mut rest @ ..] = *export.uuid().as_bytes();
        rest[..4].copy_from_slice(&now.timestamp_subsec_micros().to_be_bytes());
        let id =
            Builder::from_unix_timestamp_millis(now.timestamp_millis().unsigned_abs(), &rest).into_uuid();
        AuditLog {
            tenant: self.settings.tenant.uuid(),
            position: 0,
            sequence: 0,
            id,
            recorded_at: now,
            actor: "system:export".into(),
            action: "export.test".into(),
            event_type: "export.tested.v1".into(),
            target_type: "export".into(),
            target_id: export.to_string(),
            revision: 0,
            outcome: "succeeded".into(),
            reason: None,
            trace_id: None,
            caused_by: None,
            origin_sealed: None,
            request_id: None,
            change_request: None,
            summary: "A test of the export: nothing has happened".into(),
            before: None,
            after: None,
            payload: serde_json::from_value(json!({ "test": true })).expect("it is a document"),
            leaf_hash: "0".repeat(64),
            cluster_id: None,
            user_id: None,
        }
    }
}

fn unwritable(at: usize, error: &FormatError) -> Undelivered {
    Undelivered { delivered: at, fault: Fault::Poison, message: error.to_string() }
}

#[async_trait]
impl Outlet<AuditLog> for SiemOutlet {
    async fn deliver(&self, items: &[AuditLog], notices: &[Notice]) -> Result<(), Undelivered> {
        let mut messages = Vec::with_capacity(items.len() + notices.len());
        for (at, entry) in items.iter().enumerate() {
            match self.writer.entry(entry) {
                Ok(message) => messages.push(message),
                Err(error) => {
                    self.transport.send(&messages).await?;
                    return Err(unwritable(at, &error));
                }
            }
        }
        messages.extend(notices.iter().map(|notice| self.writer.notice(notice)));
        let mut from = 0;
        while let Err(undelivered) = self.transport.send(&messages[from..]).await {
            let at = from + undelivered.delivered;
            let nobodys_item =
                undelivered.fault == Fault::Poison && (items.len()..messages.len()).contains(&at);
            if !nobodys_item {
                return Err(Undelivered { delivered: at.min(items.len()), ..undelivered });
            }
            // A notice is no item that could be set aside; the next checkpoint says the same and more.
            tracing::warn!(export = %self.settings.export, kind = messages[at].kind, "a notice was refused: {undelivered}");
            from = at + 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
