"""The projection: a subscriber that keeps the console's store as the topics are."""

from pipeline.console.projection.changes import Changed, Notifier
from pipeline.console.projection.following import Status
from pipeline.console.projection.projection import Projection, store_facts

__all__ = ["Changed", "Notifier", "Projection", "Status", "store_facts"]
