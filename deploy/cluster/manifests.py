"""Writes the manifests that follow from the code: topics, users, scaling, secrets, connectors, rules, boards.

`python -m deploy.cluster.manifests` writes them, with `--check` it says whether they are what the code gives.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from deploy.cluster import connectors
from deploy.cluster.access import Rights, group_of, rights_of_connectors, rights_of_services
from deploy.cluster.external_secrets import secrets
from deploy.local.roles import SERVICES
from deploy.monitoring.boards import boards
from deploy.monitoring.grafana import render as draw
from deploy.monitoring.rules import prometheus_rule
from shared.contracts.topics import PARTITIONS, TOPICS, Topic

K8S = Path(__file__).parents[1] / "k8s"
CLUSTER = "hearth"
HEAD = "# Generated from the code by `python -m deploy.cluster.manifests`.\n"
LAG_PER_REPLICA = 5_000
"""Records that may wait for each replica: about one second of what one handles (docs/PERFORMANCE.md)."""
STRIMZI = "kafka.strimzi.io/v1"
Manifest = dict[str, Any]


def topics() -> Iterator[Manifest]:
    """Every topic of the contract. Their retention is the overlay's business."""
    for topic in TOPICS:
        yield {
            "apiVersion": STRIMZI,
            "kind": "KafkaTopic",
            "metadata": {"name": topic.name, "labels": {"strimzi.io/cluster": CLUSTER}},
            "spec": {"partitions": PARTITIONS, "replicas": 3, "config": _config(topic)},
        }


def _config(topic: Topic) -> Manifest:
    durable = {"min.insync.replicas": 2, "max.message.bytes": 1_048_576}
    if topic.compacted:
        return {"cleanup.policy": "compact", **durable}
    return {"cleanup.policy": "delete", "retention.ms": 90 * 24 * 3600 * 1000, **durable}


def users() -> Iterator[Manifest]:
    """A login for each service, one for connectors, one for the autoscaler, each with what it needs."""
    for rights in (*rights_of_services(), rights_of_connectors()):
        yield _user(rights.user, [*_topic_rules(rights), _group_rule(rights)])
    looks = [_rule("topic", topic.name, "Describe", "DescribeConfigs") for topic in TOPICS]
    groups = [_rule("group", group_of(service), "Describe") for service in SERVICES]
    yield _user("hearth-autoscaler", [*looks, *groups])


def _topic_rules(rights: Rights) -> Iterator[Manifest]:
    for topic in sorted({*rights.reads, *rights.writes}):
        may = [name for name, topics in (("Read", rights.reads), ("Write", rights.writes)) if topic in topics]
        yield _rule("topic", topic, "Describe", *may)


def _group_rule(rights: Rights) -> Manifest:
    rule = _rule("group", rights.group, "Describe", "Read")
    rule["resource"]["patternType"] = "prefix" if rights.group_is_prefix else "literal"
    return rule


def _rule(kind: str, name: str, *operations: str) -> Manifest:
    resource = {"type": kind, "name": name, "patternType": "literal"}
    return {"resource": resource, "operations": list(operations), "host": "*"}


def _user(name: str, rules: list[Manifest]) -> Manifest:
    return {
        "apiVersion": STRIMZI,
        "kind": "KafkaUser",
        "metadata": {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": rules},
        },
    }


def scaling() -> Iterator[Manifest]:
    """One ScaledObject for each service: as many replicas as its lag asks for, never more than lanes."""
    for service in SERVICES:
        yield {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"name": f"hearth-{service}"},
            "spec": {
                "scaleTargetRef": {"name": f"hearth-{service}"},
                "minReplicaCount": 2,
                "maxReplicaCount": 6,
                "pollingInterval": 15,
                "cooldownPeriod": 300,
                # Kafka away: as many as there are, and no fewer than a quiet day needs.
                "fallback": {"failureThreshold": 4, "replicas": 2, "behavior": "currentReplicasIfHigher"},
                "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _slowly()}},
                "triggers": [_trigger(service)],
            },
        }


def _slowly() -> Manifest:
    """Every change of replicas hands lanes over, so one at a time, and down only after a quiet while."""
    return {
        "scaleUp": {"stabilizationWindowSeconds": 60, "policies": [_one_each(60)]},
        "scaleDown": {"stabilizationWindowSeconds": 600, "policies": [_one_each(120)]},
    }


def _one_each(seconds: int) -> Manifest:
    return {"type": "Pods", "value": 1, "periodSeconds": seconds}


def _trigger(service: str) -> Manifest:
    return {
        "type": "kafka",
        # No topic: the lag of all that the group reads.
        "metadata": {
            "bootstrapServers": f"{CLUSTER}-kafka-bootstrap.hearth.svc:9093",
            "consumerGroup": group_of(service),
            "lagThreshold": str(LAG_PER_REPLICA),
            "offsetResetPolicy": "earliest",
            "sasl": "scram_sha512",
            "tls": "enable",
        },
        "authenticationRef": {"name": "hearth-autoscaler"},
    }


WRITTEN: dict[str, Callable[[], Iterator[Manifest]]] = {
    "components/strimzi/topics.yaml": topics,
    "components/strimzi/users.yaml": users,
    "components/keda/scaling.yaml": scaling,
    "components/external-secrets/secrets.yaml": secrets,
    "components/monitoring/rules.yaml": prometheus_rule,
}
"""File below deploy/k8s, and what it holds."""
OF_A_CONNECTOR = {
    "kustomization.yaml": connectors.kustomization,
    "process.yaml": connectors.process,
    "secret.yaml": connectors.secret,
}
BOARDS = "components/monitoring/dashboards"


def render(made: Callable[[], Iterator[Manifest]]) -> str:
    """One file's text."""
    return HEAD + yaml.safe_dump_all(made(), sort_keys=False, width=120)


def texts() -> dict[str, str]:
    """Every file and its text."""
    made = {name: render(made) for name, made in WRITTEN.items()}
    made |= {
        f"connectors/{name}/{file}": render(partial(contents, name))
        for name in connectors.connectors()
        for file, contents in OF_A_CONNECTOR.items()
    }
    drawn = {f"{BOARDS}/{board.name}.json": draw(board) for board in boards()}
    return {**made, **drawn, f"{BOARDS}/kustomization.yaml": _listed(drawn)}


def _listed(drawn: Iterable[str]) -> str:
    """A ConfigMap for each board, as Grafana's sidecar looks for them."""
    names = [Path(each).stem for each in drawn]
    listed = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "configMapGenerator": [{"name": f"dashboard-{each}", "files": [f"{each}.json"]} for each in names],
        "generatorOptions": {"disableNameSuffixHash": True, "labels": {"grafana_dashboard": "1"}},
    }
    return HEAD + yaml.safe_dump(listed, sort_keys=False)


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` name those that are not what the code gives."""
    wanted = texts()
    stale = [
        name
        for name, text in wanted.items()
        if not (K8S / name).exists() or (K8S / name).read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for name in stale:
            print(f"{name} is not what the code gives; run python -m deploy.cluster.manifests")
        return 1 if stale else 0
    for name in stale:
        (K8S / name).parent.mkdir(parents=True, exist_ok=True)
        (K8S / name).write_text(wanted[name], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
