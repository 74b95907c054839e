"""The public contract of itemstream: which topics there are, and what is in them.

Everything a subscriber needs is in this package; it never imports `pipeline`.
"""

from topics.catalogue import CATALOGUE, INPUT_TOPIC, TopicSpec, changelog_topic

__all__ = ["CATALOGUE", "INPUT_TOPIC", "TopicSpec", "changelog_topic"]
