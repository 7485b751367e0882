"""Why a contract refused a record, in one short line for people."""

from pydantic import ValidationError


def explain(error: ValidationError) -> str:
    """The first problem: field, what is wrong, and how many more there are."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    first = problems[0]
    place = ".".join(str(step) for step in first["loc"]) or "record"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{place}: {first['msg']}{more}"
