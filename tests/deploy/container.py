"""Builds the image's stages and runs them without a Docker engine, by what an engine uses too: overlay file systems and
namespaces. The base image is this Debian; its Python stands where the image's does.

Needs root, and Linux. A built stage is a folder of differences to the machine's own root.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Self

from tests.deploy.dockerfile import Stage, read_dockerfile

ROOT = Path(__file__).parents[2]
PYTHON = "/usr/bin/python3"
# Of the machine's environment only what a build needs to fetch packages, as --build-arg would give it.
PASSED = (
    "PIP_",
    "SSL_CERT",
    "NODE_EXTRA_CA",
    "npm_config_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
)


def can_run() -> bool:
    """Whether this machine lets us: root, mount namespaces, a Debian Python with venv."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("setpriv") is None:
        return False
    checks = (["unshare", "--mount", "true"], [PYTHON, "-c", "import ensurepip, venv"])
    return all(subprocess.run(check, capture_output=True, check=False).returncode == 0 for check in checks)


class Image:
    """The stages of deploy/Dockerfile, built under `folder`. A context manager: its layers lie in memory, since an
    overlay takes none that lies below the root it is laid over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.stages = read_dockerfile(ROOT / "deploy" / "Dockerfile")
        self.mount = folder / "mount"
        """Where a container's root is, for itself."""

    def __enter__(self) -> Self:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(self._folder)], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", str(self._folder)], check=True)

    def build(self, target: str) -> Stage:
        """Build a stage and what it is made of. Raises AssertionError with the output of a step that fails."""
        stage = self.stages[target]
        if not self._layer(target).exists():
            for needed in [stage.base, *_copied_from(stage)]:
                if needed is not None:
                    self.build(needed)
            self._make(stage)
        return stage

    def path(self, target: str, inside: str) -> Path:
        """A file that a stage added, as it lies on this machine."""
        return self._layer(target) / inside.lstrip("/")

    def command(self, target: str, arguments: list[str], env: dict[str, str] | None = None) -> list[str]:
        """`docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges -e … IMAGE arguments`.

        The process started by it is the container's: a signal to it is `docker kill`.
        """
        stage = self.stages[target]
        return self.inside(target, [*stage.entrypoint, *(arguments or stage.command)], env)

    def healthcheck(self, target: str, env: dict[str, str]) -> list[str]:
        """The stage's HEALTHCHECK, in the container."""
        return self.inside(target, self.stages[target].healthcheck, env)

    def inside(
        self, target: str, command: list[str], env: dict[str, str] | None = None, volumes: str = ""
    ) -> list[str]:
        """The same with another entry point. volumes: shell lines that put something into `mount` first."""
        stage = self.stages[target]
        user, _, group = stage.user.partition(":")
        root = self.mount
        root.mkdir(exist_ok=True)
        lower = ":".join([*map(str, self._layers(target)), "/"])
        run = [
            "setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--inh-caps=-all",
            "--bounding-set=-all", "--no-new-privs", "env", "-i", f"--chdir={stage.workdir}",
            *(f"{name}={value}" for name, value in (stage.env | (env or {})).items()), *command,
        ]  # fmt: skip
        script = "\n".join(
            [
                "set -eu",
                f"mount -t overlay overlay -o ro,lowerdir={lower} {root}",
                *_mounts(root),
                volumes,
                f"exec chroot {root} {shlex.join(run)}",
            ]
        )
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]

    def _make(self, stage: Stage) -> None:
        layer, work = self._layer(stage.name), self._folder / f"{stage.name}.work"
        unfinished = self._folder / f"{stage.name}.new"
        for folder in (unfinished, work):
            folder.mkdir(parents=True)
        root = self._folder / "build"
        root.mkdir(exist_ok=True)
        lower = ":".join([*(map(str, self._layers(stage.base)) if stage.base else ()), "/"])
        lines = [
            "set -eu",
            f"mount -t overlay overlay -o lowerdir={lower},upperdir={unfinished},workdir={work} {root}",
            f"mkdir -p {root}/mnt/context && mount --bind {ROOT} {root}/mnt/context",
            *_mounts(root),
        ]
        if stage.base is None:
            lines.append(f"ln -sf {PYTHON} {root}/usr/local/bin/python")
        for kind, text, workdir, env in stage.steps:
            lines.append(f"mkdir -p {root}{workdir}")
            lines.append(
                self._copy(text, f"{root}{workdir}", root) if kind == "COPY" else _run(root, text, workdir, env)
            )
        script = "\n".join(lines)
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"stage {stage.name}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        unfinished.rename(layer)

    def _copy(self, text: str, workdir: str, root: Path) -> str:
        words = text.split()
        source = str(ROOT)
        if words[0].startswith("--from="):
            source = str(self._layer(words.pop(0).removeprefix("--from=")))
        *names, target = words
        to = f"{root}{target}" if target.startswith("/") else f"{workdir}/{target}"
        folder = to if target.endswith("/") else str(Path(to).parent)
        lines = [f"mkdir -p {folder}"]
        for name in names:
            found = f"{source}/{name.lstrip('/')}"
            # The contents of a folder go, as Docker copies; caches of this machine stay behind (.dockerignore).
            lines.append(
                f"if [ -d {found} ]; then mkdir -p {to} && tar -C {found} --exclude=__pycache__ -cf - . | tar -C {to} "
                f"-xf -; else cp {found} {to}; fi"
            )
        return "\n".join(lines)

    def _layer(self, name: str) -> Path:
        return self._folder / f"{name}.layer"

    def _layers(self, name: str) -> list[Path]:
        """Of a stage, the topmost first."""
        stage = self.stages[name]
        return [self._layer(name), *(self._layers(stage.base) if stage.base else ())]


def _mounts(root: Path) -> list[str]:
    """What an engine mounts; over the project, its caches and root's home lies nothing, that none of it is used."""
    hidden = dict.fromkeys(["/tmp", "/root", str(ROOT)])
    return [
        f"mount -t proc proc {root}/proc",
        f"mount --rbind /dev {root}/dev",
        *(f"mount -t tmpfs -o mode=1777 tmpfs {root}{folder}" for folder in hidden),
    ]


def _run(root: Path, text: str, workdir: str, env: dict[str, str]) -> str:
    passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED)}
    words = [f"{name}={value}" for name, value in (passed | env).items()]
    return f"chroot {root} env -i --chdir={workdir} {shlex.join(words)} /bin/sh -c {shlex.quote(text)}"


def _copied_from(stage: Stage) -> list[str]:
    return [
        text.split()[0].removeprefix("--from=")
        for kind, text, *_ in stage.steps
        if kind == "COPY" and text.startswith("--from=")
    ]
