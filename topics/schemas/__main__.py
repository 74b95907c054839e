"""`python -m topics.schemas`: writes the generated schemas and docs, checks them, publishes them."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from topics.catalogue import CATALOGUE
from topics.schemas import artifacts
from topics.schemas.compat import Break, breaks
from topics.schemas.json_schema import topic_schema


def main() -> int:
    """Returns the exit code: 1 where `--check` finds something, or a reader would break."""
    parser = argparse.ArgumentParser(prog="python -m topics.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a file is out of date")
    parser.add_argument("--publish", action="store_true", help="make the schemas the version that readers rely on")
    options = parser.parse_args()

    changed = artifacts.stale() if options.check else artifacts.write()
    for name in changed:
        print(f"{'out of date' if options.check else 'written'}: {name}")
    broken = incompatibilities()
    for one in broken:
        print(f"breaks readers of v1: {one}", file=sys.stderr)
    if options.publish and not broken and not options.check:
        publish()
    return 1 if broken or (options.check and changed) else 0


def incompatibilities() -> list[Break]:
    """What of the schemas as they are now would break a reader of the published ones."""
    return breaks(published(), current())


def current() -> dict[str, Any]:
    """The schemas of the models as they are, by topic."""
    return {spec.name: topic_schema(spec) for spec in CATALOGUE if spec.model is not None}


def published() -> dict[str, Any]:
    """The schemas as last published, by topic."""
    ending = ".schema.json"
    found = artifacts.PUBLISHED.glob(f"*{ending}")
    return {path.name.removesuffix(ending): json.loads(path.read_text()) for path in sorted(found)}


def publish() -> None:
    """Make the current schemas the ones that later versions are compared with."""
    artifacts.PUBLISHED.mkdir(parents=True, exist_ok=True)
    for name, schema in current().items():
        path = artifacts.PUBLISHED / f"{name}.schema.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
        print(f"published: {path.relative_to(artifacts.ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
