"""The manifests' pods on servers that ask for what a cluster's ask for: TLS, SCRAM, and rights in Kafka."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from connectors.sdk.publisher import Publisher
from deploy.local.prepare import password_variables
from deploy.local.roles import SERVICES
from shared.contracts.topics import CHAT_COMMANDS, CHAT_EVENTS, REWARDS_EVENTS
from shared.kafka.access import client_arguments
from tests.certificates import make_certificates
from tests.deploy.pods import Pod, database_pod, password, service_pod
from tests.deploy.running import Start, starting
from tests.deploy.secured import Secured, secured
from tests.e2e.evening import a_minute_ago, others
from tests.servers import temporary_home
from tools.drained import wait_until_drained

pytestmark = pytest.mark.usefixtures("kustomize_tool")
OVERLAY = "production"
SESSIONS = """
    SELECT a.usename, bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
    WHERE a.usename LIKE 'hearth\\_%' AND a.usename <> 'hearth_admin' GROUP BY 1
"""


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[Secured]:
    async with temporary_home() as home, secured(home, OVERLAY) as running:
        yield running


@pytest.fixture(scope="module")
async def pods(servers: Secured, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[str]]:
    """The database's Job has ended, then all four services run; their names."""
    folder = tmp_path_factory.mktemp("pods")
    async with starting(folder) as start:
        job = database_pod(OVERLAY, folder / "job")
        admin = servers.postgres.home.secret("postgres-admin")
        job.file("administrator/database-url").write_text(servers.database("hearth_admin", admin))
        for role in password_variables():
            job.file(f"roles/{role}").write_text(password(role))
        code, said = await (await start(job)).ended()
        assert code == 0, said
        running = [await start(at(servers, service, folder)) for service in SERVICES]
        for pod in running:
            await pod.until_ready()
        yield list(SERVICES)


def at(servers: Secured, service: str, folder: Path) -> Pod:
    """A service's pod that is told where these servers are; its logins are the manifests'."""
    pod = service_pod(OVERLAY, service, folder / service)
    pod.environment["KAFKA_BOOTSTRAP_SERVERS"] = servers.kafka.secured_servers
    pod.file("kafka-authority/ca.crt").write_bytes(servers.kafka.authority.read_bytes())
    role = f"hearth_{service}"
    pod.file("credentials/database-url").write_text(servers.database(role, password(role)))
    return pod


async def test_the_rights_of_the_manifests_are_enough_and_all_connections_are_encrypted(
    servers: Secured, pods: list[str]
) -> None:
    async with Publisher(servers.kafka.bootstrap_servers, "/connector/tests") as publisher:
        await publisher.publish_all(others("tea", a_minute_ago()))
    drained = await wait_until_drained(servers.postgres.admin_url, servers.kafka.bootstrap_servers)
    for position in drained.services:
        assert sum(topic.applied for topic in position.topics) > 0, position.service
        assert not position.dead_letters
    connection = await asyncpg.connect(servers.postgres.admin_url)
    try:
        encrypted = dict(await connection.fetch(SESSIONS))
    finally:
        await connection.close()
    assert encrypted == {f"hearth_{service}": True for service in pods}


async def test_no_service_writes_where_another_does_or_reads_what_it_needs_not(
    servers: Secured, pods: list[str]
) -> None:
    arguments = client_arguments(servers.kafka.access("hearth-moderation"))
    async with AIOKafkaProducer(**arguments) as producer:
        await producer.send_and_wait(CHAT_COMMANDS, b"{}", partition=0)
        for topic in (REWARDS_EVENTS, CHAT_EVENTS):
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(topic, b"{}", partition=0)
    async with AIOKafkaConsumer(**arguments) as consumer:
        consumer.assign([TopicPartition(CHAT_COMMANDS, 0)])
        with pytest.raises(TopicAuthorizationFailedError):
            async with asyncio.timeout(30):
                await consumer.getone()


@pytest.mark.parametrize("wrong", ["password", "authority"])
async def test_with_a_wrong_login_or_authority_a_service_lives_and_says_so_and_is_not_ready(
    start: Start, servers: Secured, pods: list[str], tmp_path: Path, wrong: str
) -> None:
    pod = at(servers, "rewards", tmp_path)
    if wrong == "password":
        pod.file("kafka/password").write_text("not-it-at-all")
    else:
        make_certificates(tmp_path)
        pod.file("kafka-authority/ca.crt").write_bytes((tmp_path / "authority.crt").read_bytes())
    running = await start(pod)
    line = await running.said("start_delayed")
    assert line["dependency"] == "kafka"
    assert (await running.answer("/livez")).status_code == 200
    assert (await running.answer("/readyz")).status_code == 503
    assert "not-it-at-all" not in running.output.read_text()
