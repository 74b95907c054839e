"""A projection to be killed, a process of its own: python -m tests.console.projection.killed SERVERS PREFIX STORE"""

import asyncio
import sys

from pipeline.console.projection import following
from pipeline.console.projection.projection import Projection
from pipeline.console.store.store import open_store
from pipeline.settings_load import load_settings

# Many small transactions, so that a kill finds one open.
following.BATCH = 5


async def main(servers: str, prefix: str, address: str) -> None:
    with open_store(address) as store:
        await Projection(load_settings({"bootstrap_servers": servers, "prefix": prefix}), store).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
