"""Copies the server events of Realtime connections that an application opens itself.

    from pipeline.ingest.tap import Tap

    with Tap("127.0.0.1:9092") as tap:
        async with client.realtime.connect(model="gpt-realtime") as connection:
            tap(connection)

Install `itemstream[tap]`: nothing of the worker comes with it.
"""

from pipeline.ingest.tap.tap import Tap
from pipeline.ingest.tap.tapped import Counts, Tapped

__all__ = ["Counts", "Tap", "Tapped"]
