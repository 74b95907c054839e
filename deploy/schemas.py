"""JSON Schemas for kubeconform, strict ones: from Kubernetes' own OpenAPI document and from the CRDs of KEDA and the
Prometheus operator; and KEDA's list of its scalers with their parameters.
`python deploy/schemas.py TO KUBERNETES KEDA OPERATOR`: folders of the modules."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

KINDS = {
    "ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "NetworkPolicy", "PersistentVolumeClaim",
    "Pod", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount", "StatefulSet",
}  # fmt: skip
CRDS = (
    "config/crd/bases/keda.sh_scaledobjects.yaml",
    "config/crd/bases/keda.sh_triggerauthentications.yaml",
    "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
    "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
)
SCALERS = "schema/generated/scalers-schema.json"
NUMBER_OR_TEXT = [{"type": "string"}, {"type": "number"}]


def main(to: Path, modules: list[Path]) -> None:
    found = dict(_kubernetes(modules[0]))
    for module in modules[1:]:
        for crd in CRDS:
            if (module / crd).is_file():
                found.update(_crd(yaml.safe_load((module / crd).read_text())))
    to.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=to.parent))
    for name, schema in found.items():
        (work / f"{name}.json").write_text(json.dumps(schema))
    for module in modules:
        if (module / SCALERS).is_file():
            shutil.copy(module / SCALERS, work / "scalers.json")
    work.rename(to)  # complete or not there at all


def _kubernetes(module: Path) -> Iterator[tuple[str, Any]]:
    definitions = json.loads((module / "api/openapi-spec/swagger.json").read_text())["definitions"]
    for definition in definitions.values():
        for kind in definition.get("x-kubernetes-group-version-kind", ()):
            if kind["kind"] in KINDS:
                needed: dict[str, Any] = {}
                schema = _strict(definition)
                _collect(schema, definitions, needed)
                yield _name(kind["group"], kind["version"], kind["kind"]), {**schema, "definitions": needed}


def _collect(schema: Any, definitions: dict[str, Any], needed: dict[str, Any]) -> None:
    for reference in _references(schema):
        if reference not in needed:
            needed[reference] = _strict(definitions[reference])
            _collect(needed[reference], definitions, needed)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value.removeprefix("#/definitions/")
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for one in schema:
            yield from _references(one)


def _crd(crd: Any) -> Iterator[tuple[str, Any]]:
    spec = crd["spec"]
    for version in spec["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        yield _name(spec["group"], version["name"], spec["names"]["kind"]), schema


def _name(group: str, version: str, kind: str) -> str:
    """As kubeconform asks for it: `{{.ResourceKind}}{{.KindSuffix}}`."""
    return "-".join(part for part in (kind, group.partition(".")[0], version) if part).lower()


def _strict(schema: Any) -> Any:
    """A copy that allows no property it does not know."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") in ("int-or-string", "quantity") or schema.get("x-kubernetes-int-or-string"):
        return {"anyOf": NUMBER_OR_TEXT}
    if "Quantity is a fixed-point representation" in schema.get("description", "") and schema.get("type") == "string":
        return {"anyOf": NUMBER_OR_TEXT}
    result = {key: _strict(value) for key, value in schema.items() if not key.startswith("x-")}
    if "properties" in schema and "additionalProperties" not in schema:
        result["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])
