"""Where settings come from, who wins, and what a wrong one says."""

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.settings import Settings, flag_of, variable_of
from pipeline.settings_load import load_settings, unknown_variables


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and no variables."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(variable_of(name), raising=False)
    monkeypatch.delenv("ITEMSTREAM_CONFIG", raising=False)
    return tmp_path


def test_defaults_that_users_rely_on() -> None:
    settings = load_settings()
    assert settings.bootstrap_servers == "127.0.0.1:9092"
    assert settings.prefix == "realtime"
    assert settings.group == "itemstream"
    assert settings.delivery == "exactly-once"
    assert settings.input_topic == "realtime.server-events"
    assert settings.session_idle == 15 * 60
    assert settings.source_of("prefix") == "default"


def test_flag_over_variable_over_file_over_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "itemstream.toml").write_text('prefix = "file"\ngroup = "file"\nsession-idle = 5\n')
    monkeypatch.setenv("ITEMSTREAM_PREFIX", "variable")
    monkeypatch.setenv("ITEMSTREAM_GROUP", "variable")
    settings = load_settings({"prefix": "flag", "group": None})
    file = str(folder / "itemstream.toml")
    assert (settings.prefix, settings.source_of("prefix")) == ("flag", "--prefix")
    assert (settings.group, settings.source_of("group")) == ("variable", "ITEMSTREAM_GROUP")
    assert (settings.session_idle, settings.source_of("session_idle")) == (5, file)
    assert settings.source_of("delivery") == "default"


def test_which_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("itemstream", "variable", "flag"):
        (folder / f"{name}.toml").write_text(f'prefix = "{name}"\n')
    assert load_settings().prefix == "itemstream"
    monkeypatch.setenv("ITEMSTREAM_CONFIG", "variable.toml")
    assert load_settings().prefix == "variable"
    assert load_settings(config=Path("flag.toml")).prefix == "flag"


def test_a_file_that_was_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"^--config: there is no settings file x\.toml$"):
        load_settings(config=Path("x.toml"))
    monkeypatch.setenv("ITEMSTREAM_CONFIG", "y.toml")
    with pytest.raises(UsageError, match=r"^ITEMSTREAM_CONFIG: there is no settings file y\.toml$"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('prefixx = "a"', "unknown setting 'prefixx'; did you mean 'prefix'?"),
        ("zzzz = 1", "unknown setting 'zzzz'; `itemstream settings` lists what there is"),
        ("[worker]\nprefix = 1", "unknown setting 'worker'"),
        ("prefix = ", "is not valid TOML"),
        ("prefix = 5", "setting prefix = 5 (from "),
        ("session_idle = -1", "Input should be greater than 0"),
    ],
)
def test_a_wrong_file_names_itself_and_the_setting(folder: Path, text: str, message: str) -> None:
    file = folder / "itemstream.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as wrong:
        load_settings()
    assert message in str(wrong.value)
    assert str(file) in str(wrong.value)
    assert "\n" not in str(wrong.value)
    assert wrong.value.exit_code == 2


def test_a_wrong_variable_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITEMSTREAM_DELIVERY", "twice")
    with pytest.raises(UsageError, match=r"setting delivery = 'twice' \(from ITEMSTREAM_DELIVERY\): Input should be"):
        load_settings()


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(UsageError, match=r"--prefix.*--web-port"):
        load_settings({"prefix": "a b", "web_port": "99999"})


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITEMSTREAM_PREFIX", "")
    assert load_settings().prefix == "realtime"


@pytest.mark.parametrize("servers", ["kafka", "kafka:", ":9092", "a:1,", "a:1 b:2", ""])
def test_servers_are_host_and_port(servers: str) -> None:
    with pytest.raises(UsageError, match="--bootstrap-servers"):
        load_settings({"bootstrap_servers": servers})


@pytest.mark.parametrize("servers", ["kafka:9092", "a:1,b:2", "[::1]:9092"])
def test_servers(servers: str) -> None:
    assert load_settings({"bootstrap_servers": servers}).bootstrap_servers == servers


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().prefix = "other"  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_names() -> None:
    assert flag_of("session_idle") == "--session-idle"
    assert variable_of("session_idle") == "ITEMSTREAM_SESSION_IDLE"


def test_unknown_variables() -> None:
    told = unknown_variables({"ITEMSTREAM_PREFIX": "", "ITEMSTREAM_PREFX": "", "ITEMSTREAM_CACHE_DIR": "", "HOME": ""})
    assert told == ["ITEMSTREAM_PREFX is set but is no setting; did you mean ITEMSTREAM_PREFIX?"]
    assert unknown_variables({"itemstream_qqq": ""}) == [
        "itemstream_qqq is set but is no setting; `itemstream settings` lists what there is"
    ]


def test_the_core_is_told_in_its_units() -> None:
    core = load_settings({"session_idle": "1.5", "max_items_per_session": "7", "prefix": "p"}).core_settings()
    assert (core.session_idle_ms, core.max_items, core.prefix) == (1500, 7, "p")


def test_connection_with_login() -> None:
    flags = {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_username": "u",
        "sasl_password": "s",
    }
    options = load_settings(flags).connection()
    assert options.pop("ssl_context")
    assert options == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "u",
        "sasl_plain_password": "s",
    }


def test_connection_without() -> None:
    assert load_settings().connection() == {"security_protocol": "PLAINTEXT"}
