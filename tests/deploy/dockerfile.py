"""Reads a Dockerfile: the stages, their steps, and how a container of one is started."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

HOST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Stage:
    """`base`: the stage it begins with, None where that is an image. `steps`: its RUN and COPY, in order, each with the
    folder and the environment in force."""

    name: str
    base: str | None
    steps: list[tuple[str, str, str, dict[str, str]]] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=lambda: {"PATH": HOST_PATH})
    user: str = "0:0"
    workdir: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    stop_signal: str = "SIGTERM"


def read_dockerfile(file: Path) -> dict[str, Stage]:
    """The stages by name, in order. Raises ValueError on an instruction it does not know."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for instruction, rest in _instructions(file.read_text()):
        if instruction == "ARG":
            continue
        if instruction == "FROM":
            image, _, name = rest.partition(" AS ")
            stage = stages[name] = _begin(name, stages.get(image))
            continue
        assert stage is not None, "FROM comes first"
        _apply(stage, instruction, rest)
    return stages


def _begin(name: str, base: Stage | None) -> Stage:
    if base is None:
        return Stage(name, None)
    return Stage(
        name, base.name, [], dict(base.env), base.user, base.workdir, list(base.entrypoint), list(base.command),
        list(base.healthcheck), base.stop_signal,
    )  # fmt: skip


def _apply(stage: Stage, instruction: str, rest: str) -> None:
    match instruction:
        case "RUN" | "COPY":
            stage.steps.append((instruction, rest, stage.workdir, dict(stage.env)))
        case "ENV":
            for name, value in re.findall(r"(\w+)=(\S+)", rest):
                stage.env[name] = re.sub(r"\$(\w+)", lambda found: stage.env.get(found[1], ""), value)
        case "USER":
            stage.user = rest
        case "WORKDIR":
            stage.workdir = rest
        case "ENTRYPOINT":
            stage.entrypoint = json.loads(rest)
        case "CMD":
            stage.command = json.loads(rest)
        case "STOPSIGNAL":
            stage.stop_signal = rest
        case "HEALTHCHECK":
            stage.healthcheck = json.loads(rest.partition("CMD ")[2])
        case _:
            raise ValueError(f"{instruction} is not known here")


def _instructions(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [(word, rest.strip()) for line in joined.splitlines() for word, _, rest in [line.partition(" ")]]
