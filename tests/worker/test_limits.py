"""The worker's bounds follow what the topics take."""

from pipeline.core import CoreSettings
from pipeline.streaming import StreamConfig
from pipeline.worker.limits import HEADROOM, batches_within, within

CORE = CoreSettings(prefix="p")
CONFIG = StreamConfig(
    bootstrap_servers="none:1", group="g", input_topic="in", changelog_topic="g-sessions-changelog"
)  # fmt: skip
ROOMY = 16 * 1024 * 1024


def test_topics_as_catalogued_change_nothing() -> None:
    limits = {"p.items.messages": ROOMY, "p.rejected": ROOMY, "g-sessions-changelog": ROOMY}
    assert within(CORE, limits, "g") == CORE
    assert batches_within(CONFIG, limits) == CONFIG


def test_the_smallest_output_topic_decides_for_all_of_them() -> None:
    core = within(CORE, {"p.items.messages": 50_000, "p.responses": 60_000, "p.rejected": ROOMY}, "g")
    assert core.max_output_bytes == 50_000 - HEADROOM
    assert (core.max_rejected_bytes, core.max_state_bytes) == (CORE.max_rejected_bytes, CORE.max_state_bytes)


def test_rejects_and_state_have_their_own_topics() -> None:
    core = within(CORE, {"p.rejected": 40_000, "g-sessions-changelog": 30_000}, "g")
    assert (core.max_rejected_bytes, core.max_state_bytes) == (40_000 - HEADROOM, 30_000 - HEADROOM)
    assert core.max_output_bytes == CORE.max_output_bytes


def test_batches_fit_too() -> None:
    config = batches_within(CONFIG, {"p.items.messages": 50_000, "g-sessions-changelog": 60_000})
    assert (config.produce_batch_bytes, config.state_batch_bytes) == (50_000 - HEADROOM, 60_000 - HEADROOM)


def test_what_is_not_told_changes_nothing() -> None:
    assert within(CORE, {}, "g") == CORE
    assert batches_within(CONFIG, {}) == CONFIG
