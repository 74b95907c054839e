"""Topic administration: the difference between catalogue and cluster, and how to end it.

Nothing is ever deleted, and nothing made smaller.
"""

from topics.admin.check import check, problems
from topics.admin.cluster import AdminClient, apply_changes, connect, read_state, read_topic
from topics.admin.errors import BrokerUnreachableError, RefusedError, TopicsError
from topics.admin.model import (
    AddPartitions,
    Change,
    ClusterState,
    CreateTopic,
    DeployedTopic,
    Plan,
    Problem,
    SetConfig,
    TopicState,
    deployment,
)
from topics.admin.plan import make_plan

__all__ = [
    "AddPartitions",
    "AdminClient",
    "BrokerUnreachableError",
    "Change",
    "ClusterState",
    "CreateTopic",
    "DeployedTopic",
    "Plan",
    "Problem",
    "RefusedError",
    "SetConfig",
    "TopicState",
    "TopicsError",
    "apply_changes",
    "check",
    "connect",
    "deployment",
    "make_plan",
    "problems",
    "read_state",
    "read_topic",
]
