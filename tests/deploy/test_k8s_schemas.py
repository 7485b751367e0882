"""Every overlay renders to manifests that the API server and the operators take, to the last field."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deploy.cluster import rendering
from deploy.cluster.rendering import KUBERNETES, OVERLAYS, Manifest, built_in_problems, custom_problems
from deploy.cluster.tools import HERE, checker

pytestmark = pytest.mark.usefixtures("checkers")
SKIPS = HERE / "checkov.yaml"


@pytest.mark.parametrize("kubernetes", KUBERNETES)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_built_in_kinds_are_what_kubernetes_takes(overlay: str, kubernetes: str, tmp_path: Path) -> None:
    assert built_in_problems(_file(tmp_path, rendering.text(overlay)), kubernetes) == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_custom_kinds_are_what_their_operators_take(overlay: str) -> None:
    custom = [each for each in rendering.manifests(overlay) if rendering.is_custom(each)]
    assert custom
    assert [problem for each in custom for problem in custom_problems(each)] == []


def _misspell_limit(manifest: Manifest) -> None:
    manifest["spec"]["maxReplicas"] = manifest["spec"].pop("maxReplicaCount")


def _misspell_trigger(manifest: Manifest) -> None:
    manifest["spec"]["triggers"][0]["metdata"] = manifest["spec"]["triggers"][0].pop("metadata")


def _older_version(manifest: Manifest) -> None:
    manifest["apiVersion"] = "keda.sh/v1"


@pytest.mark.parametrize("spoil", [_misspell_limit, _misspell_trigger, _older_version])
def test_an_unknown_field_or_version_of_a_custom_kind_is_refused(spoil: Callable[[Manifest], None]) -> None:
    manifest = rendering.of_kind("production", "ScaledObject")[0]
    assert custom_problems(manifest) == []
    spoil(manifest)
    assert custom_problems(manifest) != []


def test_an_unknown_field_of_a_built_in_kind_is_refused(tmp_path: Path) -> None:
    manifest = rendering.of_kind("production", "Deployment")[0]
    assert built_in_problems(_file(tmp_path, yaml.safe_dump(manifest)), KUBERNETES[-1]) == []
    manifest["spec"]["template"]["spec"]["terminationGracePeriod"] = 60
    assert built_in_problems(_file(tmp_path, yaml.safe_dump(manifest)), KUBERNETES[-1]) != []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_checkov_has_nothing_to_say_but_what_is_explained(overlay: str, tmp_path: Path) -> None:
    failed = _checkov(_file(tmp_path, rendering.text(overlay)), "--config-file", str(SKIPS))
    assert failed == set()


def test_every_skip_of_checkov_is_still_needed_and_explained(tmp_path: Path) -> None:
    skipped = set(yaml.safe_load(SKIPS.read_text(encoding="utf-8"))["skip-check"])
    file = _file(tmp_path, rendering.text("production"))
    assert _checkov(file, "--framework", "kubernetes", "--quiet", "--compact", "--skip-download") == skipped
    lines = SKIPS.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.strip().startswith("- CKV"):
            assert lines[number - 1].strip().startswith("#"), f"{line.strip()} has no reason"


def _file(folder: Path, text: str) -> Path:
    path = folder / "rendered.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _checkov(file: Path, *arguments: str) -> set[str]:
    """The ids of the checks that failed."""
    done = subprocess.run(
        [str(checker("checkov")), "--file", str(file), "--output", "json", *arguments],
        capture_output=True, text=True, timeout=300, check=False, cwd=file.parent,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["summary"]["passed"] > 100, done.stderr
    assert told["summary"]["parsing_errors"] == 0
    return {each["check_id"] for each in told["results"]["failed_checks"]}
