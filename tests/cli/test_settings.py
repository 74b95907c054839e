"""`itemstream settings`."""

import json

import pytest

from pipeline.cli.main import main
from pipeline.settings import Settings


@pytest.fixture(autouse=True)
def clean(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ITEMSTREAM_SASL_PASSWORD", "very-secret")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--json", "--prefix", "mine"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == Settings.model_fields.keys()
    assert told["prefix"] == {"value": "mine", "source": "--prefix"}
    assert told["group"] == {"value": "itemstream", "source": "default"}
    assert told["sasl_password"] == {"value": "**********", "source": "ITEMSTREAM_SASL_PASSWORD"}


def test_table_has_every_setting_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in Settings.model_fields if name not in shown] == []
    assert "very-secret" not in shown


def test_a_misspelt_variable_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITEMSTREAM_PREFX", "x")
    assert main(["settings"]) == 0
    assert capsys.readouterr().err == (
        "itemstream: ITEMSTREAM_PREFX is set but is no setting; did you mean ITEMSTREAM_PREFIX?\n"
    )
