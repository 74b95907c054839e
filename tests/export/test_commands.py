"""`itemstream export` and `itemstream import` as a user meets them: what they print, and what wrong use is told."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from pipeline.cli.main import main
from pipeline.export.reading import read_exported
from tests.export.kafka_support import bare, make, put, there
from tests.export.support import simple, written

COMMAND = (sys.executable, "-m", "pipeline.cli.main")


@pytest.mark.kafka
def test_out_and_back(bootstrap_servers: str, prefix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    where = ["--bootstrap-servers", bootstrap_servers]
    asyncio.run(_filled(bootstrap_servers, prefix))
    folder = str(tmp_path / "out")
    out = ["export", prefix, "--to", folder, "--since", "2026-01-01T00:00Z", *where]
    assert main(out) == 0
    assert f"100 records of {prefix} to {folder}: 1 files, " in capfd.readouterr().err
    assert main(["import", folder, "--to", f"{prefix}.back", *where]) == 0
    told = capfd.readouterr().err
    assert f"100 records of {prefix} to {prefix}.back in " in told
    assert "older" not in told
    assert main(["import", folder, "--to", f"{prefix}.back", *where]) == 0
    assert "0 records of" in (told := capfd.readouterr().err)
    assert "what an earlier run had imported was left out" in told
    assert asyncio.run(there(bootstrap_servers, f"{prefix}.back")) == bare(simple(100))

    for wrong, code, line in (
        ([*out[:3], folder, *where], 2, "was exported with --since 2026-01-01T00:00Z, and this is with no selection"),
        (["export", f"{prefix}.back", *out[2:]], 2, f"is an export of topic {prefix}, and this is {prefix}.back"),
        ([*out, "--format", "jsonl"], 2, "is an export of format parquet, and this is jsonl"),
        ([*out, "--until", "now-ish"], 2, "--until now-ish: write how long ago"),
        ([*out, "--latest-revision"], 2, "has no revisions: leave out --latest-revision"),
        ([*out, "--follow", "--until", "1m"], 2, "--follow has no end, and --until wants one"),
        ([*out, "--every", "5"], 2, "--every is for --follow"),
        (["export", "message", "--to", folder, *where], 1, "there is no topic message at"),
        (["import", folder, "--to", "message", *where], 1, "there is no topic message at"),
        (["import", str(tmp_path), "--to", prefix, *where], 2, "there are no exported files in"),
        (["import", folder, "--to", prefix, *where], 2, f"{prefix} is where these records came from"),
        (["import", str(tmp_path / "none"), "--to", prefix, *where], 2, "there is no "),
    ):
        assert main(wrong) == code
        told = capfd.readouterr().err
        assert line in told
        assert told.count("\n") == 1
    assert bare(read_exported(Path(folder))) == bare(simple(100)), "no wrong use touched the folder"
    assert main(["import", folder, "--to", prefix, "--same-topic", *where]) == 0
    assert asyncio.run(there(bootstrap_servers, prefix)) == bare(simple(100) + simple(100))


async def _filled(servers: str, topic: str) -> None:
    await make(servers, topic, f"{topic}.back")
    await put(servers, topic, simple(100))


@pytest.mark.kafka
def test_following_until_it_is_stopped(
    bootstrap_servers: str, prefix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_filled(bootstrap_servers, prefix))
    arguments = ("export", prefix, "--format", "jsonl", "--to", str(tmp_path), "--follow", "--every", "1")
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--bootstrap-servers", bootstrap_servers], stderr=subprocess.PIPE, text=True
    )
    try:
        _until(tmp_path, 100)
        asyncio.run(put(bootstrap_servers, prefix, simple(50)))
        _until(tmp_path, 150)
        assert main([*arguments, "--bootstrap-servers", bootstrap_servers]) == 1
        assert f"another export writes to {tmp_path}:" in capfd.readouterr().err
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, told
    assert "150 records of" in told


def _until(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while not (folder / "_export.json").exists() or sum(1 for _ in read_exported(folder)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_without_pyarrow(tmp_path: Path) -> None:
    """JSON lines go without it; Parquet says what to install."""
    written(tmp_path / "lines", simple(2), "jsonl")
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path\n"
        "from pipeline.cli.main import main\n"
        "from pipeline.export.reading import read_exported\n"
        f"print(len(list(read_exported(Path({str(tmp_path / 'lines')!r})))))\n"
        f"sys.exit(main(['export', 'events', '--to', {str(tmp_path / 'x')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "2\n")
    assert done.stderr == (
        "itemstream: Parquet needs pyarrow; get it with: pip install 'itemstream[export]', or take --format jsonl\n"
    )


def test_a_state_that_cannot_be_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, simple(2), "jsonl")
    (tmp_path / "_export.json").write_bytes(orjson.dumps({"version": 9}))
    assert main(["import", str(tmp_path), "--to", "events"]) == 1
    assert "_export.json is not what this release of itemstream wrote" in capfd.readouterr().err
