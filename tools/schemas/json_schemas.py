"""One JSON Schema per contract: what a publisher must send, with what the envelope says in `x-` keys."""

from typing import Any

from shared.contracts.contract import Contract
from shared.contracts.registry import CONTRACTS
from tools.schemas.channels import channels_of

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def file_name(contract: type[Contract]) -> str:
    """`message.posted.v1.schema.json`."""
    return f"{contract.TYPE}.v{contract.VERSION}.schema.json"


def schema_of(contract: type[Contract]) -> Schema:
    """The schema of a contract's data; fields that it does not name are allowed and ignored."""
    data = contract.model_json_schema(mode="validation")
    return {
        "$schema": DIALECT,
        "$id": file_name(contract),
        "x-ce-type": contract.ce_type(),
        "x-topics": [channel.topic for channel in channels_of(contract)],
        "x-identity": list(contract.IDENTITY),
        **data,
    }


def schemas() -> dict[str, Schema]:
    """All schemas by file name."""
    return {file_name(contract): schema_of(contract) for contract in CONTRACTS}
