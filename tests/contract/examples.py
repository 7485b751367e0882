"""The golden examples, each as the record that a connector or service once wrote."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.contracts.contract import Contract
from shared.contracts.registry import BY_TYPE, CONTRACTS

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a file: `minimal`, `full`, or one kept from an earlier version."""

    name: str
    headers: dict[str, str]
    data: dict[str, Any]

    @property
    def contract(self) -> type[Contract]:
        """The contract that its type names."""
        return BY_TYPE[self.headers["ce_type"]]

    @property
    def record(self) -> tuple[list[tuple[str, bytes]], bytes]:
        """Headers and value as they lie in the log."""
        headers = [(name, value.encode()) for name, value in self.headers.items()]
        return headers, json.dumps(self.data, ensure_ascii=False).encode()

    def __str__(self) -> str:
        return f"{self.contract.TYPE}-{self.name}"


def examples_of(contract: type[Contract]) -> list[Example]:
    """All examples of one contract."""
    path = GOLDEN / f"{contract.TYPE}.v{contract.VERSION}.json"
    file = json.loads(path.read_text(encoding="utf-8"))
    return [Example(name, each["headers"], each["data"]) for name, each in file.items()]


def all_examples() -> Iterator[Example]:
    """All examples of all contracts."""
    for contract in CONTRACTS:
        yield from examples_of(contract)
