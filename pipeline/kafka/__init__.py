"""Apache Kafka itself on this machine, for a first run, tests and CI without Docker.

A single KRaft node out of Kafka's Maven artifacts, on loopback only. Nothing here stands in for Kafka: it is Kafka.
"""

from pipeline.kafka.artifacts import KAFKA_VERSION
from pipeline.kafka.embedded import EmbeddedKafka

__all__ = ["KAFKA_VERSION", "EmbeddedKafka"]
