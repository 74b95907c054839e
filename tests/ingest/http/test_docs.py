"""docs/ingest.md says what is."""

from pipeline.ingest.http.reference import PAGE, written


def test_the_generated_parts_are_up_to_date() -> None:
    page = PAGE.read_text()
    assert "| `--ingest-port` | `8088` |" in page
    assert page == written(page), "make ingest-docs"
