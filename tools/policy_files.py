"""Rules and word lists from files, for commands that judge without a server."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer

from services.moderation.domain.lexicon import Entry
from services.moderation.domain.lexicon_import import import_list
from services.moderation.domain.own_lists import NO_LISTS, OwnLists
from services.moderation.domain.policy import BadPolicy, Policy, Rule
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import KINDS, Resources
from services.moderation.store.models import shipped_model
from services.moderation.store.policy_documents import compose, default_policy, read_yaml


def policy_of(path: Path | None) -> Policy:
    """The shipped policy, with what the file changes. Ends the command with every complaint about it."""
    return book_of(path).policy


def book_of(path: Path | None, word_lists: Sequence[Path] = ()) -> RuleBook:
    """The same, ready to judge; words of each list are removed by a rule of their own, named for the file.

    A list that the policy names, by its file's name without the ending, is read as the policy says.
    """
    lists = {file.stem: _words_of(file) for file in word_lists}
    resources = Resources(OwnLists.of(lists) if lists else NO_LISTS, model=shipped_model())
    shipped = default_policy()
    if path is None:
        return RuleBook.compile(_with_lists(shipped, word_lists), resources)
    try:
        policy = compose(shipped, read_yaml(path.read_text(encoding="utf-8")), version=1)
        return RuleBook.compile(_with_lists(policy, word_lists), resources)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path}: no UTF-8") from None
    except BadPolicy as error:
        raise typer.BadParameter("\n".join([f"{path}:", *error.complaints])) from None


def _with_lists(policy: Policy, word_lists: Sequence[Path]) -> Policy:
    named = {name for rule in policy.rules for name in getattr(rule.params, "lists", ())}
    own = (
        Rule(f"list:{file.name}", "lexicon", KINDS["lexicon"].params((file.stem,)))
        for file in word_lists
        if file.stem not in named
    )
    return replace(policy, rules=(*policy.rules, *own))


def _words_of(file: Path) -> Sequence[Entry]:
    """The list's entries; what cannot be read of it is told on standard error."""
    try:
        imported = import_list(file.read_bytes(), file.stem)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise typer.BadParameter(f"{file}: {error}") from None
    for rejected in imported.rejected:
        typer.echo(f"{file.name}:{rejected.line}: {rejected.reason}", err=True)
    if imported.rejected_count:
        typer.echo(f"{file.name}: {imported.rejected_count:,} lines could not be read", err=True)
    return imported.entries
