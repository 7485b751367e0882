"""What every workload must have, whatever an overlay changes: the policies of the cluster as tests."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import pytest

from deploy.cluster.connectors import connectors
from deploy.cluster.rendering import OVERLAYS, Manifest, manifests, name, of_kind
from deploy.local.home import REPOSITORY
from deploy.local.roles import SERVICES
from shared.http import process, runtime

pytestmark = pytest.mark.usefixtures("kustomize_tool")
INSIDE = ("10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "100.64.0.1", "fd00::1")
"""Addresses of neighbours, of the node, of a cloud's metadata."""


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def test_pods_are_what_the_restricted_standard_asks_for(overlay: str) -> None:
    for workload in _workloads(overlay):
        pod = _pod(workload)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] >= 10_001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        for container in _containers(pod):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert "privileged" not in context
    (space,) = of_kind(overlay, "Namespace")
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_pods_have_no_key_to_the_api_server(overlay: str) -> None:
    accounts = {each["metadata"]["name"]: each for each in of_kind(overlay, "ServiceAccount")}
    used = set()
    for workload in _workloads(overlay):
        pod = _pod(workload)
        assert pod["automountServiceAccountToken"] is False
        assert accounts[pod["serviceAccountName"]]["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        used.add(pod["serviceAccountName"])
    assert used == set(accounts)
    assert of_kind(overlay, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding") == []


def test_every_container_has_requests_and_limits(overlay: str) -> None:
    for workload in _workloads(overlay):
        for container in _containers(_pod(workload)):
            for kind in ("requests", "limits"):
                assert {"cpu", "memory"} <= container["resources"][kind].keys(), name(workload)


def test_every_process_has_three_probes_and_only_readiness_asks_dependencies(overlay: str) -> None:
    for deployment in _processes(overlay):
        (container,) = _containers(_pod(deployment))
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
        assert container["startupProbe"]["httpGet"]["path"] == "/livez"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        # /readyz gives its dependencies this long
        assert container["readinessProbe"]["timeoutSeconds"] > runtime.PROBE_SECONDS_MAX


def test_a_pod_may_take_longer_to_stop_than_the_process_ever_does(overlay: str) -> None:
    drain = process.CONNECTIONS_DRAIN_SECONDS + runtime.STOP_SECONDS_MAX + runtime.POOL_CLOSE_SECONDS_MAX
    for deployment in _processes(overlay):
        pod = _pod(deployment)
        (before,) = [each["lifecycle"]["preStop"]["exec"]["command"] for each in _containers(pod)]
        assert before[:2] == ["/venv/bin/python", "-c"]
        waits = float(before[2].removeprefix("import time; time.sleep(").rstrip(")"))
        assert waits >= 5
        assert pod["terminationGracePeriodSeconds"] > waits + drain


def test_every_service_is_spread_and_every_process_may_lose_one_pod_at_a_time(overlay: str) -> None:
    budgets = {each["metadata"]["name"]: each["spec"] for each in of_kind(overlay, "PodDisruptionBudget")}
    assert budgets.keys() == {each["metadata"]["name"] for each in _processes(overlay)}
    for deployment in _deployments(overlay):
        own = _labels(deployment)
        budget = budgets[deployment["metadata"]["name"]]
        assert budget["maxUnavailable"] == 1
        assert _selects(budget["selector"], own)
        spread = _pod(deployment)["topologySpreadConstraints"]
        assert {each["topologyKey"] for each in spread} == {
            "topology.kubernetes.io/zone", "kubernetes.io/hostname",
        }  # fmt: skip
        others = [each for each in _deployments(overlay) if each != deployment]
        for each in [*[each["labelSelector"] for each in spread], budget["selector"]]:
            assert _selects(each, own)
            assert not any(_selects(each, _labels(other)) for other in others)


def test_a_service_reaches_its_own_pods_and_no_others(overlay: str) -> None:
    for service in of_kind(overlay, "Service"):
        reached = [
            each["metadata"]["name"]
            for each in _workloads(overlay)
            if _selects({"matchLabels": service["spec"]["selector"]}, _labels(each))
        ]
        assert reached == [service["metadata"]["name"]]


def test_nothing_comes_in_or_goes_out_but_what_a_policy_allows(overlay: str) -> None:
    policies = of_kind(overlay, "NetworkPolicy")
    denies = [each for each in policies if each["spec"]["podSelector"] == {} and _is_closed(each)]
    assert len(denies) == 1
    for policy in policies:
        for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]:
            assert rule.get("ports") or _only_among_own(rule), f"{name(policy)} opens every port"
            for peer in [*rule.get("from", []), *rule.get("to", [])]:
                assert "ipBlock" not in peer or _is_outside(peer["ipBlock"]), f"{name(policy)} leads inside"
        assert all("from" in rule for rule in policy["spec"].get("ingress", [])), (
            f"{name(policy)} lets all in"
        )


def test_every_workload_has_a_policy_of_its_own_that_names_where_it_goes(overlay: str) -> None:
    for workload in _workloads(overlay):
        own = [
            each
            for each in of_kind(overlay, "NetworkPolicy")
            if each["spec"]["podSelector"] and _selects(each["spec"]["podSelector"], _labels(workload))
        ]
        ways = [rule for each in own for rule in each["spec"].get("egress", [])]
        assert ways, f"{name(workload)} has none"
        assert all("to" in rule for rule in ways)


def test_only_services_that_send_requests_reach_the_open_internet(overlay: str) -> None:
    (outside,) = [each for each in of_kind(overlay, "NetworkPolicy") if each["metadata"]["name"] == "outside"]
    reach = {
        _labels(each)["app.kubernetes.io/name"]
        for each in _deployments(overlay)
        if _selects(outside["spec"]["podSelector"], _labels(each))
    }
    asking = ("import httpx", "shared.http.outgoing")
    assert reach == {
        service
        for service in SERVICES
        for file in (REPOSITORY / "services" / service).rglob("*.py")
        if any(each in file.read_text(encoding="utf-8") for each in asking)
    }


def test_secrets_are_only_referred_to(overlay: str) -> None:
    assert of_kind(overlay, "Secret") == []
    for workload in _workloads(overlay):
        for container in _containers(_pod(workload)):
            for variable in container.get("env", []):
                secret = variable["name"].endswith(("PASSWORD", "TOKEN", "URL", "SECRET", "KEY"))
                assert not secret, f"{variable['name']} is in the environment; mount a file"
                assert "valueFrom" not in variable


def test_a_pod_gets_the_secrets_of_its_own_process_alone(overlay: str) -> None:
    shared = {"hearth-cluster-ca-cert", "hearth-database-ca"}
    for workload in _processes(overlay):
        own = workload["metadata"]["name"].removeprefix("hearth-")
        mounted = {each["secret"]["secretName"] for each in _pod(workload)["volumes"] if "secret" in each}
        logins = {"Deployment": {f"{own}-credentials", f"hearth-{own}"},
                  "StatefulSet": {f"connector-{own}", "hearth-connectors"}}  # fmt: skip
        assert mounted - shared == logins[workload["kind"]]


def test_authorities_are_mounted_without_their_keys(overlay: str) -> None:
    for workload in _workloads(overlay):
        for volume in _pod(workload)["volumes"]:
            if volume["name"].endswith("-authority"):
                assert volume["secret"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}]


def test_a_rollout_never_has_fewer_pods_than_before(overlay: str) -> None:
    for deployment in _deployments(overlay):
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert "replicas" not in deployment["spec"], "the autoscaler's count would be put back by every apply"


def _workloads(overlay: str) -> list[Manifest]:
    found = [each for each in manifests(overlay) if "template" in each.get("spec", {}) and _is_ours(each)]
    assert len(found) == len(SERVICES) + 1 + (len(connectors()) if overlay == "connectors" else 0)
    return found


def _is_ours(manifest: Manifest) -> bool:
    return manifest["kind"] in ("Deployment", "Job", "StatefulSet", "DaemonSet", "CronJob")


def _processes(overlay: str) -> list[Manifest]:
    """Services and connectors: what runs for ever."""
    return of_kind(overlay, "Deployment", "StatefulSet")


def _deployments(overlay: str) -> list[Manifest]:
    return of_kind(overlay, "Deployment")


def _pod(workload: Manifest) -> Manifest:
    pod: Manifest = workload["spec"]["template"]["spec"]
    return pod


def _containers(pod: Manifest) -> Iterator[Manifest]:
    yield from pod.get("initContainers", [])
    yield from pod["containers"]


def _labels(workload: Manifest) -> dict[str, str]:
    labels: dict[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return labels


def _selects(selector: Manifest, labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels", {})
    assert wanted, "selects everything"
    chosen = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in chosen)
    return all(labels.get(label) == value for label, value in wanted.items()) and all(
        labels.get(each["key"]) in each["values"] for each in chosen
    )


def _is_outside(block: Manifest) -> bool:
    """Whether none of the addresses that lie inside is in it."""
    closed = [ip_network(each) for each in block.get("except", [])]
    return not any(
        ip_address(each) in ip_network(block["cidr"]) and not any(ip_address(each) in net for net in closed)
        for each in INSIDE
    )


def _is_closed(policy: Manifest) -> bool:
    both = set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    return both and "ingress" not in policy["spec"] and "egress" not in policy["spec"]


def _only_among_own(rule: Manifest) -> bool:
    """All ports, but only between pods of one server, or to it from its operator."""
    peers = [*rule.get("from", []), *rule.get("to", [])]
    own = {"strimzi.io/cluster", "cnpg.io/cluster", "hearth-operator"}
    labels = [
        label
        for peer in peers
        for selector in ("podSelector", "namespaceSelector")
        for label in peer.get(selector, {}).get("matchLabels", {})
    ]
    return bool(labels) and set(labels) <= own
