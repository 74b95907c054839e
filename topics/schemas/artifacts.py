"""Every generated file: where it lies and what is in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from topics.catalogue import CATALOGUE, INPUT_TOPIC
from topics.schemas import FOLDER, asyncapi, docs, schema_file
from topics.schemas.json_schema import topic_schema

ROOT = FOLDER.parents[1]
PUBLISHED = FOLDER / "published" / "v1"
README = "README.md"
BEGIN, END = "<!-- topics:begin -->", "<!-- topics:end -->"

_GENERATED_FOLDERS = ("topics/schemas/json", "docs/topics")


def files(root: Path = ROOT) -> dict[str, str]:
    """Path from the root of the repository -> content. The README is in it where it has the marks of the table."""
    made = {f"topics/schemas/{schema_file(spec)}": _json(topic_schema(spec)) for spec in CATALOGUE if spec.model}
    made["topics/schemas/asyncapi.json"] = _json(asyncapi.document())
    made |= {f"docs/topics/{docs.page_name(spec)}": docs.topic_page(spec) for spec in (INPUT_TOPIC, *CATALOGUE)}
    made["docs/topics/README.md"] = docs.index_page()
    made["docs/topology.md"] = docs.topology_page()
    readme = root / README
    if readme.exists() and BEGIN in (text := readme.read_text()):
        made[README] = with_topic_table(text)
    return made


def stale(root: Path = ROOT) -> list[str]:
    """The files that are not as they would be generated, or that nothing generates any more."""
    wanted = files(root)
    differ = [name for name, text in wanted.items() if not _is(root / name, text)]
    left = [
        str(path.relative_to(root))
        for folder in _GENERATED_FOLDERS
        for path in (root / folder).glob("*")
        if str(path.relative_to(root)) not in wanted
    ]
    return sorted(differ + left)


def write(root: Path = ROOT) -> list[str]:
    """Bring all generated files up to date; returns those that were not."""
    wanted, changed = files(root), stale(root)
    for name in changed:
        path = root / name
        if name not in wanted:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[name])
    return changed


def with_topic_table(text: str) -> str:
    """A text with the table of topics between its marks."""
    block = f"{BEGIN}\n{docs.topic_table('docs/topics')}\n{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, text, flags=re.DOTALL)


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
