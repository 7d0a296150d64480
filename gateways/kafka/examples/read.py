"""Reads the bus: read.py BROKERS TOPIC. Each event as a line of JSON, until the end of the topic."""
import json, sys
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

brokers, topic = sys.argv[1:3]
consumer = Consumer({"bootstrap.servers": brokers, "group.id": "example", "enable.auto.commit": False, "enable.partition.eof": True})
partitions = set(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
while partitions:
    message = consumer.poll(10)
    if message is None:
        sys.exit("nothing came within 10 s")
    if message.error():
        if message.error().code() != KafkaError._PARTITION_EOF:
            sys.exit(str(message.error()))
        partitions.discard(message.partition())
        continue
    event = {name: value.decode() for name, value in message.headers()}
    assert event["ce_specversion"] == "1.0" and event["ce_subject"] == message.key().decode()
    print(json.dumps(event | {"data": json.loads(message.value())}))
consumer.close()
