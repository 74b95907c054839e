"""The rights each part of a deployment needs in Kafka, from the catalogue: `itemstream topics acls`."""

from pipeline.acls.commands import kafka_acls_commands
from pipeline.acls.model import Acl, Deployment
from pipeline.acls.parts import PARTS, Part

__all__ = ["PARTS", "Acl", "Deployment", "Part", "kafka_acls_commands"]
