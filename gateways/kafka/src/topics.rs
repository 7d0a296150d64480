//! The two topics: made where they are not there, and where that is allowed.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;

use crate::bus::BusError;
use crate::context::Quiet;
use crate::settings::{BusSettings, Create};

/// How long a broker may take to answer one question.
const DEADLINE: Duration = Duration::from_secs(5);
/// The largest message of the topic of events: an event of 1 MiB with its headers, and room.
const LARGEST: &str = "2097152";

/// Sees to it that both topics are there. What is there already is left as it is.
pub(crate) async fn ensure(settings: &BusSettings) -> Result<(), BusError> {
    let config = settings.connection.client();
    let admin: AdminClient<Quiet> =
        config.create_with_context(Quiet::default()).map_err(|cause| BusError::Config(cause.to_string()))?;
    let refused = match &settings.create {
        Some(create) => make(&admin, settings, create).await,
        None => vec!["the hub was told to create none".to_owned()],
    };
    let names = [settings.topic.clone(), settings.checkpoints()];
    // Asking for the metadata blocks.
    let found = tokio::task::spawn_blocking(move || {
        let missing = |name: &String| -> Result<bool, String> {
            let found = admin.inner().fetch_metadata(Some(name), DEADLINE);
            let found =
                found.map_err(|cause| admin.inner().context().complaint().unwrap_or(cause.to_string()))?;
            Ok(found.topics().iter().all(|topic| topic.error().is_some() || topic.partitions().is_empty()))
        };
        for name in names {
            if missing(&name)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    });
    match found.await.unwrap_or_else(|cause| Err(cause.to_string())) {
        Ok(None) => Ok(()),
        Ok(Some(topic)) => Err(BusError::NoTopic { topic, why: refused.join("; ") }),
        Err(cause) => Err(BusError::Away(cause)),
    }
}

/// Answers why some could not be made, if so.
async fn make(admin: &AdminClient<Quiet>, settings: &BusSettings, create: &Create) -> Vec<String> {
    let checkpoints = settings.checkpoints();
    // -1 leaves the number to the broker.
    let copies = TopicReplication::Fixed(create.replication.unwrap_or(-1));
    let events = NewTopic::new(&settings.topic, create.partitions.unwrap_or(-1), copies);
    let copies = TopicReplication::Fixed(create.replication.unwrap_or(-1));
    let topics = [
        events.set("max.message.bytes", LARGEST),
        NewTopic::new(&checkpoints, 1, copies).set("cleanup.policy", "compact"),
    ];
    let options = AdminOptions::new().request_timeout(Some(DEADLINE)).operation_timeout(Some(DEADLINE));
    match admin.create_topics(&topics, &options).await {
        Ok(made) => made
            .into_iter()
            .filter_map(|made| match made {
                Ok(topic) => {
                    tracing::info!(topic, "a topic was made");
                    None
                }
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => None,
                Err((topic, cause)) => Some(format!("`{topic}` cannot be made: {cause}")),
            })
            .collect(),
        Err(cause) => vec![cause.to_string()],
    }
}
