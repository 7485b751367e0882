"""Raw IRC logs: `[HH:MM] <nick> text`, `* nick action`, `=== nick is now known as other`, joins and parts.

The date is in the file's name. Most logs know only minutes: the lines of one minute are spread over it
evenly, so that rules about seconds see neither a burst nor a gap that was not there. A person who changes
nick keeps the member id of the first nick in the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b

from pydantic import ValidationError

from connectors.imports.explain import explain
from connectors.imports.irc_clock import LogClock
from connectors.imports.irc_lines import Kind, LogLine, parse
from connectors.imports.irc_nicks import Nicks
from connectors.imports.reading import BadLine, BadRecord, Item, Parsed, Reading, Skipped
from connectors.imports.source import Broken, Source
from shared.contracts.chat import MemberJoined, MemberLeft, MemberUpdated, MessagePosted
from shared.contracts.contract import Contract

LINES_AT_ONCE_MAX = 10_000
FILE_NAME_CHARACTERS_MAX = 120
_DATE = re.compile(r"(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})")
_SUFFIXES = re.compile(r"\.(?:txt|log|gz)\b")
_ADDRESSED = re.compile(r"([^\s:,]+)[:,]")


class IrcLog:
    """One file is one channel on one date, or on several when its times pass midnight."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The file's messages, nick changes, joins and parts."""
        day = date_of(source.name)
        if day is None:
            yield BadLine(0, f"the name {source.name!r} holds no date such as 2024-03-05")
            return
        yield from _Log(source, reading, LogClock(day, reading.zone)).items()


def date_of(file_name: str) -> date | None:
    """The first date in a file's name."""
    for match in _DATE.finditer(file_name):
        try:
            return date(*(int(part) for part in match.groups()))
        except ValueError:
            continue
    return None


def channel_of(file_name: str) -> str:
    """The channel's name: the file's without date and endings, with `#`."""
    bare = _SUFFIXES.sub("", _DATE.sub("", file_name)).strip("-_.# ")
    return f"#{bare or 'irc'}"


@dataclass(slots=True)
class _Log:
    """The walk through one file."""

    source: Source
    reading: Reading
    clock: LogClock
    nicks: Nicks = field(default_factory=Nicks)
    waiting: list[LogLine] = field(default_factory=list)

    def items(self) -> Iterator[Item]:
        """Everything, a minute at a time."""
        number = 0
        try:
            for number, content in self.source.lines():
                line = parse(number, content) if content is not None else None
                if line is None:
                    yield BadLine(number, "no line of an IRC log" if content is not None else "too long")
                    continue
                if line.kind is Kind.BLANK:
                    continue
                if self.clock.leaves(line.at) or len(self.waiting) >= LINES_AT_ONCE_MAX:
                    yield from self._flush()
                self.clock.move(line.at)
                self.waiting.append(line)
        except Broken as error:
            yield BadLine(number + 1, str(error))
        yield from self._flush()

    def _flush(self) -> Iterator[Item]:
        lines, self.waiting = self.waiting, []
        for line, moment in zip(lines, self.clock.spread(len(lines)), strict=True):
            try:
                told = self._told(line)
                if isinstance(told, str):
                    yield Skipped(line.number, told)
                else:
                    yield Parsed(told, self.reading.plausible(moment))
            except BadRecord as error:
                yield BadLine(line.number, str(error))
            except ValidationError as error:
                yield BadLine(line.number, explain(error))

    def _told(self, line: LogLine) -> Contract | str:
        """The line's event, or what kind of line it is that has none."""
        match line.kind:
            case Kind.SAID:
                return self._message(line, line.text)
            case Kind.DID:
                return self._message(line, f"/me {line.text}")
            case Kind.NOTICE if self.nicks.knows(line.nick):
                return self._message(line, f"/me {line.text}")
            case Kind.JOINED:
                return self._build(MemberJoined, line, self.nicks.came(line.nick), member_name=line.nick)
            case Kind.LEFT:
                return self._build(MemberLeft, line, self.nicks.went(line.nick))
            case Kind.RENAMED:
                who = self.nicks.renamed(line.nick, line.text)
                return self._build(MemberUpdated, line, who, member_name=line.text)
        return "server notice"

    def _message(self, line: LogLine, text: str) -> Contract:
        who = self.nicks.spoke(line.nick)
        addressed = _ADDRESSED.match(text)
        other = self.nicks.whose(addressed.group(1)) if addressed else None
        return self._build(
            MessagePosted,
            line,
            who,
            message_id=self._message_id(line),
            text=text,
            mentions=(self.reading.member_id(other),) if other and other != who else (),
            member_name=line.nick,
        )

    def _message_id(self, line: LogLine) -> str:
        content = f"{line.nick}\n{line.text}".encode("utf-8", "surrogatepass")
        digest = blake2b(content, digest_size=4).hexdigest()
        return f"{self.source.name[:FILE_NAME_CHARACTERS_MAX]}:{line.number}:{digest}"

    def _build(self, contract: type[Contract], line: LogLine, who: str, **fields: object) -> Contract:
        if "channel_id" in contract.model_fields:
            fields["channel_id"] = channel_of(self.source.name)
        member_id = self.reading.member_id(who)
        community_id = self.reading.community_id
        return self.reading.cleaner.build(contract, community_id=community_id, member_id=member_id, **fields)
