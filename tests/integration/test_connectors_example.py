"""The connector of fifty lines runs: what is typed reaches Kafka, what is asked is printed and answered."""

import asyncio
import os
import sys
from pathlib import Path

from connectors.examples.terminal import COMMUNITY
from deploy.local.home import REPOSITORY
from deploy.local.kafka import KafkaServer
from shared.contracts.commands import CommandExecuted, DeleteMessage, SendMessage
from tests.connector_world import Chat, announced, happened, new_name


async def test_the_example_of_the_guide_is_a_connector(kafka_server: KafkaServer, tmp_path: Path) -> None:
    chat = Chat(
        kafka_server.bootstrap_servers, tmp_path, community=COMMUNITY, connector_id=new_name("terminal")
    )
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": chat.servers,
        "CONNECTOR_ID": chat.connector_id,
        "CONNECTOR_STORE": f"sqlite:{tmp_path}/terminal.db",
        "PYTHONPATH": str(REPOSITORY),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, REPOSITORY / "connectors" / "examples" / "terminal.py", cwd=tmp_path,
        env={**os.environ, **environment}, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    process.stdin.write("签到\n".encode())
    (typed,) = await happened(chat, 1)
    assert (typed.text, typed.member_id, typed.channel_id) == ("签到", "ann", "hall")
    await announced(chat, "delete")
    receipt = await chat.outcome(chat.command(SendMessage, text="打卡成功"))
    assert isinstance(receipt, CommandExecuted)
    assert (await process.stdout.readline()).decode() == "[send_message] 打卡成功\n"
    await chat.outcome(chat.command(DeleteMessage, message_id=typed.message_id))
    assert (await process.stdout.readline()).decode().startswith("[delete_message] {")
    process.stdin.close()
    assert await process.wait() == 0
