"""Which person asks: named by the caller, who holds the token, and recorded with what is done."""

from typing import Annotated, TypeAlias

from fastapi import Header
from pydantic import AfterValidator

HEADER = "x-operator"
ENGINE = "hearth"
"""Who acts where no person does; no person can go by this name."""


def _in_utf8(header: str) -> str:
    """Headers come as Latin-1; names beyond it are sent as UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _person(name: str) -> str:
    if name.strip().casefold() in ("", ENGINE):
        raise ValueError("this is no person's name")
    return name


Operator: TypeAlias = Annotated[
    str,
    Header(alias="X-Operator", min_length=1, max_length=255, description="Id of the person who does it."),
    AfterValidator(_in_utf8),
    AfterValidator(_person),
]
"""A route's parameter: `X-Operator: <id>`, 1 to 255 characters."""
