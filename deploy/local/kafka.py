"""A real Apache Kafka as one plain Java process: broker and controller in one node, on the loopback."""

import asyncio
import base64
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import kafka_jars
from deploy.local.home import Home
from deploy.local.java import JAVA_MIN, Java, find_java
from deploy.local.ports import HOST, choose_port, is_listening
from deploy.local.process import Process, spawn

USUAL_PORT = 9092
START_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 30.0
# The first compiler alone: the second one would take a core for the first minute of a short-lived broker.
JVM_OPTIONS = ("-Xms256m", "-Xmx768m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=8
offsets.topic.replication.factor=1
offsets.retention.minutes=525600
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.retention.bytes=-1
log.message.timestamp.type=CreateTime
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
background.threads=2
"""

LOG4J = """\
<Configuration status="warn">
  <Appenders><Console name="out"><PatternLayout pattern="%d{ISO8601} %-5p %c{1}: %m%n"/></Console></Appenders>
  <Loggers>
    <Root level="info"><AppenderRef ref="out"/></Root>
    <Logger name="org.apache.kafka.common.config.AbstractConfig" level="warn"/>
  </Loggers>
</Configuration>
"""


@dataclass(slots=True)
class KafkaServer:
    """One broker on fixed ports over one data folder: it can be stopped, killed, frozen and started again."""

    home: Home
    port: int
    controller_port: int
    options: tuple[str, ...] = ()
    """Added to `JVM_OPTIONS`."""
    format_options: tuple[str, ...] = ()
    """Added to the command that formats the storage."""
    process: Process | None = field(default=None, init=False)

    @classmethod
    def at(cls, home: Home, usual_port: int | None = None) -> "KafkaServer":
        """A broker in `home` on the usual port, or on spare ones."""
        port = choose_port(usual_port)
        return cls(home, port, choose_port(taken=frozenset({port})))

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect."""
        return f"{HOST}:{self.port}"

    @property
    def folder(self) -> Path:
        """Settings and data."""
        return self.home.folder("kafka-server")

    async def start(self) -> Process:
        """Format the storage once, start the broker and wait until it accepts clients."""
        java = _java()
        libs = await asyncio.to_thread(kafka_jars.ensure)
        self._write_settings()
        await asyncio.to_thread(self._format_once, java, libs)
        self.process = spawn(
            "kafka",
            [*_jvm(java, libs, self.folder), *self.options, "kafka.Kafka", self.folder / "server.properties"],
            self.home.log("kafka"),
        )
        self.home.remember_process("kafka", self.process.identity.as_state())
        await self.process.until_ready(self._is_ready, START_SECONDS_MAX)
        return self.process

    async def stop(self) -> None:
        """Shut it down in order."""
        if self.process:
            await self.process.stop(STOP_SECONDS_MAX)

    def kill(self) -> None:
        """End it at once."""
        if self.process:
            self.process.kill()

    def freeze(self) -> None:
        """Stop it in place; connections stay open, nothing answers."""
        if self.process:
            self.process.freeze()

    def thaw(self) -> None:
        """Let it run on."""
        if self.process:
            self.process.thaw()

    async def _is_ready(self) -> bool:
        # Kafka opens its client port only after it has registered and caught up with its metadata.
        return is_listening(self.port)

    def _write_settings(self) -> None:
        settings = PROPERTIES.format(
            host=HOST, port=self.port, controller_port=self.controller_port, data=self.folder / "data"
        )
        (self.folder / "server.properties").write_text(settings)
        (self.folder / "log4j2.xml").write_text(LOG4J)

    def _format_once(self, java: Java, libs: Path) -> None:
        if (self.folder / "data" / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", "--standalone", "--cluster-id", f"h{cluster[1:]}"]
        result = subprocess.run(
            [
                *_jvm(java, libs, self.folder),
                *tool,
                *self.format_options,
                "--config",
                str(self.folder / "server.properties"),
            ],
            capture_output=True,
            text=True,
            timeout=START_SECONDS_MAX,
            check=False,
        )
        if result.returncode != 0:
            raise RuntimeError(f"Kafka's storage could not be formatted:\n{result.stdout}{result.stderr}")


def _java() -> Java:
    java = find_java()
    if java is None or not java.suffices:
        raise RuntimeError(f"Kafka needs Java {JAVA_MIN} or newer: see `hearth doctor`")
    return java


def _jvm(java: Java, libs: Path, folder: Path) -> list[str]:
    archive = kafka_jars.archive()
    # An archive that another JVM made is ignored, in silence.
    quick = (
        [f"-XX:SharedArchiveFile={archive}", "-Xlog:disable", "-Xlog:all=error"] if archive.exists() else []
    )
    return [
        str(java.path),
        *JVM_OPTIONS,
        *quick,
        f"-Dlog4j2.configurationFile={folder / 'log4j2.xml'}",
        "-cp",
        f"{libs}/*",
    ]
