"""How records flow through the pipeline."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from pipeline.console.models.base import Model
from topics.models.common import Rfc3339


class Node(Model):
    """A topic, the worker, or a group that reads."""

    id: str
    kind: Literal["topic", "worker", "group"]
    title: str
    rate: float = Field(description="Records a second.")
    records: int | None


class Edge(Model):
    """Records that go from one node to another."""

    from_: str = Field(alias="from")
    to: str
    rate: float

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class PartitionLag(Model):
    """An input partition, and how far the worker is with it."""

    topic: str
    partition: int
    end: int
    committed: int | None
    lag: int
    lag_seconds: float | None = Field(description="Age of the oldest record that waits; 0 where none does.")
    worker: str | None = Field(description="Id of its member of the group.")


class WorkerMember(Model):
    """A process of the worker, as Kafka knows it."""

    id: str
    host: str
    partitions: list[int]


class ProjectionLag(Model):
    """How far the console's own store is behind the topics."""

    lag: int | None = Field(description="Records; null where it is not known: the topics' ends are not known yet.")
    behind_seconds: float | None = Field(description="Age of what is read now; 0 where nothing waits, null as for lag.")


class Pipeline(Model):
    """How records flow, now."""

    at: Rfc3339
    status: Literal["ok", "degraded", "down"]
    problems: list[str]
    nodes: list[Node]
    edges: list[Edge]
    more_groups: int = Field(description="Further groups that read these topics; the nodes are the first of them.")
    partitions: list[PartitionLag]
    workers: list[WorkerMember]
    projection: ProjectionLag
