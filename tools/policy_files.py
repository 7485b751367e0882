"""Rules from a file, for commands that judge without a server."""

from pathlib import Path

import typer

from services.moderation.domain.policy import BadPolicy, Policy
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import Resources
from services.moderation.store.models import shipped_model
from services.moderation.store.policy_documents import compose, default_policy, read_yaml


def policy_of(path: Path | None) -> Policy:
    """The shipped policy, with what the file changes. Ends the command with every complaint about it."""
    shipped = default_policy()
    if path is None:
        return shipped
    try:
        policy = compose(shipped, read_yaml(path.read_text(encoding="utf-8")), version=1)
        RuleBook.compile(policy, Resources(model=shipped_model()))
        return policy
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path}: no UTF-8") from None
    except BadPolicy as error:
        raise typer.BadParameter("\n".join([f"{path}:", *error.complaints])) from None


def book_of(path: Path | None) -> RuleBook:
    """The same, ready to judge."""
    return RuleBook.compile(policy_of(path), Resources(model=shipped_model()))
