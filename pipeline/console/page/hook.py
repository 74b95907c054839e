"""Hatch's hook: a wheel carries the page, built; one that finds none builds it, or says what is missing for that."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILD = "pipeline/console/page/build.py"


class PageHook(BuildHookInterface[Any]):
    """An editable install goes without: there `make page` builds, when it is wanted."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        if subprocess.run([sys.executable, str(Path(self.root) / BUILD)], check=False).returncode:
            raise SystemExit(1)
