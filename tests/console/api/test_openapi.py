"""The OpenAPI document the page's types are made of is that of the routes."""

from pipeline.console.api.app import build_app
from pipeline.console.api.openapi import FILE, written


def test_the_document_is_that_of_the_routes() -> None:
    assert FILE.read_bytes() == written(build_app(None)), "run: make console-openapi"


def test_every_operation_says_what_it_is() -> None:
    document = build_app(None).openapi()
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert [one["operationId"] for one in operations if not one.get("summary") or not one.get("description")] == []
