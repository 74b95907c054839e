"""Apache Kafka itself on this machine, for a first run, tests and CI without Docker.

KRaft nodes out of Kafka's Maven artifacts, on loopback only: one, or a cluster. Nothing here stands in for Kafka.
"""

from pipeline.kafka.artifacts import KAFKA_VERSION
from pipeline.kafka.cluster import KafkaCluster, Listener
from pipeline.kafka.embedded import EmbeddedKafka

__all__ = ["KAFKA_VERSION", "EmbeddedKafka", "KafkaCluster", "Listener"]
