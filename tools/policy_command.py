"""`hearth moderation policy`: a community's rules to a file, from a file, and a look for mistakes before."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import typer

from services.moderation.api.texts import TEXTS
from services.moderation.domain.contradictions import contradictions
from services.moderation.domain.policy import BadPolicy
from services.moderation.store.policy_documents import compose, default_policy, read_yaml
from tools.moderation_api import NoAnswer, ask

FILE_BYTES_MAX = 1_048_576
app = typer.Typer(help="Policies: export, import, lint.", no_args_is_help=True)
Community = Annotated[str, typer.Option("--community", help="Id of the community.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("export")
def export_policy(
    community: Community,
    file: Annotated[Path | None, typer.Argument(help="Where to; else to the terminal.")] = None,
    as_json: AsJson = False,
) -> None:
    """The policy in force, whole, as YAML, or with its version as JSON."""
    form = "json" if as_json else "yaml"
    answer = _ask("GET", community, "", as_json=as_json, params={"format": form})
    text = json.dumps(answer.json(), indent=2, ensure_ascii=False) + "\n" if as_json else answer.text
    if file is None:
        sys.stdout.write(text)
        return
    file.write_text(text, encoding="utf-8")
    typer.echo(f"{community}: version {answer.headers['etag'].strip(chr(34))} is in {file}", err=True)


@app.command("import")
def import_policy(
    file: Annotated[Path, typer.Argument(help="A policy in YAML or JSON.")],
    community: Community,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    operator: Annotated[str, typer.Option(help="Who; it is recorded.")],
    version: Annotated[
        int | None, typer.Option(min=0, help="The one that was seen; else the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replace the community's policy; refused when it has mistakes, or was changed since `--version`."""
    text = _read(file, as_json=as_json)
    if version is None:
        version = int(_ask("GET", community, "", as_json=as_json).json()["version"])
    answer = _ask(
        "PUT", community, "", as_json=as_json, content=text.encode(),
        params={"reason": reason, "version": version},
        headers={"content-type": "application/yaml", "accept": "application/json",
                 "x-operator": operator.encode()},
    ).json()  # fmt: skip
    _show(answer, [f"{community}: version {answer['version']} is in force"], as_json=as_json)


@app.command("lint")
def lint_policy(
    file: Annotated[Path, typer.Argument(help="A policy in YAML or JSON.")],
    community: Annotated[str | None, typer.Option(help="Look at its channels and lists, too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Mistakes and contradictions of a policy; nothing is saved, nothing need run without `--community`."""
    text = _read(file, as_json=as_json)
    found = _lint_there(community, text, as_json=as_json) if community else lint(text)
    lines = [f"error: {each}" for each in found["errors"]]
    lines += [f"warning: {each}" for each in found["warnings"]]
    _show(found, lines or ["no complaints"], as_json=as_json)
    if not found["valid"]:
        raise typer.Exit(1)


def lint(text: str) -> dict[str, Any]:
    """What is wrong with a policy by itself, in the form in which the API tells it."""
    try:
        policy = compose(default_policy(), read_yaml(text), version=0)
    except BadPolicy as error:
        return {"valid": False, "errors": list(error.complaints), "warnings": []}
    found = contradictions(policy, ())
    warnings = [TEXTS.say("en", f"lint.{each.slug}", rule=each.rule, other=each.other) for each in found]
    return {"valid": True, "errors": [], "warnings": warnings}


def _lint_there(community: str, text: str, *, as_json: bool) -> dict[str, Any]:
    headers = {"content-type": "application/yaml", "accept-language": "en"}
    answer = _ask("POST", community, "/lint", as_json=as_json, content=text.encode(), headers=headers)
    found: dict[str, Any] = answer.json()
    return found


def _ask(method: str, community: str, path: str, *, as_json: bool, **request: Any) -> Any:
    headers = {"accept-language": "en", **request.pop("headers", {})}
    try:
        return ask(
            method, f"/v1/communities/{quote(community, safe='')}/policy{path}", headers=headers, **request
        )
    except NoAnswer as failure:
        _end(str(failure), failure.problem, as_json=as_json)


def _read(file: Path, *, as_json: bool) -> str:
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise ValueError(f"it has over {FILE_BYTES_MAX:,} bytes")
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        sentence = f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"
        _end(sentence, {"title": sentence}, as_json=as_json)


def _show(answer: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else "\n".join(lines))


def _end(sentence: str, problem: dict[str, Any], *, as_json: bool) -> NoReturn:
    """The reason on the error output, or as JSON where programs read; exit code 1."""
    typer.echo(json.dumps(problem, indent=2, ensure_ascii=False) if as_json else sentence, err=not as_json)
    raise typer.Exit(1)
