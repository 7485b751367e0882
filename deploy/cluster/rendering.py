"""Overlays as the API server would get them."""

import copy
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from deploy.cluster.schemas import schemas
from deploy.cluster.tools import checker, kustomize

K8S = Path(__file__).parents[1] / "k8s"
OVERLAYS = ("local", "staging", "production", "connectors")
KUBERNETES = ("1.31", "1.33", "1.34")
"""Releases whose schemas the built-in kinds are held against."""
RENDER_SECONDS_MAX = 120
Manifest = dict[str, Any]


class NotRendered(Exception):
    """kustomize refused an overlay; the message is its own."""


@cache
def text(overlay: str) -> str:
    """One overlay's manifests as kustomize writes them."""
    return rendered(K8S / "overlays" / overlay)


def rendered(folder: Path) -> str:
    """What kustomize makes of a folder; raises `NotRendered`."""
    done = subprocess.run(
        [*kustomize(), str(folder)], capture_output=True, text=True, timeout=RENDER_SECONDS_MAX, check=False
    )
    if done.returncode != 0:
        raise NotRendered(done.stderr.strip())
    return done.stdout


def manifests(overlay: str) -> list[Manifest]:
    """One overlay's manifests; who gets them may change them."""
    return copy.deepcopy(_read(overlay))


@cache
def _read(overlay: str) -> list[Manifest]:
    return [each for each in yaml.load_all(text(overlay), yaml.CSafeLoader) if each]


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    """Those of some kinds."""
    return [each for each in manifests(overlay) if each["kind"] in kinds]


def is_custom(manifest: Manifest) -> bool:
    """Whether an operator, not Kubernetes itself, defines its kind."""
    group = manifest["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith("k8s.io")


def custom_problems(manifest: Manifest) -> list[str]:
    """What its operator's schema holds against a custom resource; an unknown kind is a problem too."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    path = schemas() / f"{group}_{version}_{manifest['kind']}.json"
    if not path.is_file():
        return [f"{name(manifest)}: no schema for {manifest['apiVersion']} {manifest['kind']}"]
    found = jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8"))).iter_errors(
        manifest
    )
    return [f"{name(manifest)}: {each.json_path}: {each.message}" for each in found]


def built_in_problems(file: Path, kubernetes: str) -> list[str]:
    """What Kubernetes' own schemas hold against the built-in kinds of a file; unknown fields are refused."""
    done = subprocess.run(
        [str(checker("kubernetes-validate")), "--strict", "-k", kubernetes, str(file)],
        capture_output=True, text=True, timeout=RENDER_SECONDS_MAX, check=False,
    )  # fmt: skip
    told = (done.stdout + done.stderr).splitlines()
    # Custom kinds are held against their operators' schemas instead.
    problems = [line for line in told if not line.startswith(("INFO", "WARN"))]
    return problems or ([] if done.returncode == 0 else [f"exit code {done.returncode}"])


def name(manifest: Manifest) -> str:
    """For people."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"
