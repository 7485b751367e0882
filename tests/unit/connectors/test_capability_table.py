"""The guide docs/CONNECTORS.md says what the code can do: the ladder, and every platform's capabilities."""

import re
from pathlib import Path

import pytest

from connectors.discord import rights as discord
from connectors.feishu import platform as feishu
from connectors.matrix.abilities import ability_in
from connectors.milky import platform as milky
from connectors.onebot import groups as onebot
from connectors.qq import platform as qq
from connectors.satori import platform as satori
from connectors.sdk import ladder
from connectors.slack import platform as slack
from connectors.telegram.abilities import ability_of
from deploy.local.home import REPOSITORY

GUIDES = (REPOSITORY / "docs" / "CONNECTORS.md", REPOSITORY / "docs" / "CONNECTORS.zh-CN.md")
NO = ("no", "否")
BOT = "@hearth:tea.example"
CAN = {
    "discord": discord.ability_of(discord.EVERYTHING),
    "feishu": ladder.Ability(feishu.ADMIN),
    "matrix": ability_in({"users": {BOT: 100}}, BOT),
    "onebot": ladder.Ability(onebot.OWNER),
    "milky": onebot.ability_of({"owner"}, able_too=milky.ABLE_TOO),
    "qq": ladder.Ability(qq.ADMIN),
    "satori": ladder.Ability(satori.SPEAKS.union(*satori.FEATURES.values(), *satori.IN_GUILDS.values())),
    "slack": ladder.Ability(slack.ADMIN),
    "telegram": ability_of({"status": "creator"}, is_supergroup=True),
}


def rows(page: Path, first: str) -> list[list[str]]:
    """The cells of the table whose header begins so."""
    lines = page.read_text(encoding="utf-8").split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith(first))
    table = [line for line in lines[start:] if line][: lines[start:].index("")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


@pytest.mark.parametrize("page", GUIDES, ids=["en", "zh"])
@pytest.mark.parametrize("platform", CAN)
def test_the_table_tells_what_a_platform_can_do(page: Path, platform: str) -> None:
    head, _, *body = rows(page, "| capability" if page == GUIDES[0] else "| 能力")
    column = head.index(platform)
    told = {row[0] for row in body if row[0] in ladder.CAPABILITIES and row[column] not in NO}
    assert told == CAN[platform].capabilities


@pytest.mark.parametrize("page", GUIDES, ids=["en", "zh"])
def test_every_capability_has_a_row(page: Path) -> None:
    body = rows(page, "| capability" if page == GUIDES[0] else "| 能力")[2:]
    used = frozenset().union(*(each.capabilities for each in CAN.values()))
    assert {row[0] for row in body} >= used


def test_the_guide_has_the_ladder_of_the_code() -> None:
    in_code = re.findall(r"^\| .*\|$", ladder.__doc__ or "", re.MULTILINE)
    assert in_code[0] == "| asked | needs | else | else |"
    told = rows(GUIDES[0], in_code[0])
    assert told[2:] == [[cell.strip() for cell in row.strip("|").split("|")] for row in in_code[1:]]
