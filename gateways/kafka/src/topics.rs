//! The two topics: made where they are not there, and where that is allowed.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;

use crate::bus::BusError;
use crate::context::Quiet;
use crate::settings::{BusSettings, Create};

/// How long a broker may take to answer one question.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// The largest message of the topic of events: an event of 1 MiB with its headers, and room.
const LARGEST: &str = "2097152";

/// Makes the topics that are not there, where that is allowed. Answers why some could not be made, if so.
pub(crate) async fn make(settings: &BusSettings) -> Result<Vec<String>, BusError> {
    let Some(create) = &settings.create else { return Ok(vec!["the hub was told to make none".to_owned()]) };
    let admin = settings.connection.client().create_with_context(Quiet::default());
    let admin: AdminClient<Quiet> = admin.map_err(|cause| BusError::Config(cause.to_string()))?;
    Ok(made(&admin, settings, create).await)
}

async fn made(admin: &AdminClient<Quiet>, settings: &BusSettings, create: &Create) -> Vec<String> {
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
