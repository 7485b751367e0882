"""`python -m tools.metrics_document` writes docs/METRICS.md from the registry; `--check`: is it current?"""

import sys
from pathlib import Path

from services.reporting.domain.metric import Computed, Metric, Relation, Sum, Term
from services.reporting.domain.metric_registry import CHINESE, ENGLISH, METRICS, UNITS
from services.reporting.handlers.computations import QUERIES

DOCUMENT = Path(__file__).parents[1] / "docs" / "METRICS.md"
HEAD = """\
# Metrics of a community

Generated from `services/reporting/domain/metrics.toml` by `python -m tools.metrics_document`. The API,
`hearth metrics`, reports and dashboards know metrics from there only. What Hearth measures of itself is in
[METRICS-EXPORTED.md](METRICS-EXPORTED.md).

Days, weeks (ISO 8601, from Monday) and months are those of the community. An event counts for the day on
which it happened, and what comes late corrects that day. A share in percent is told only of 10 or more. Bots
are left out unless a metric says otherwise. Sums can be told by channel and by hour of the day too.

| metric | title | unit | definition | formula |
|---|---|---|---|---|
"""


def render() -> str:
    """The document's text."""
    rows = "".join(_row(metric) for metric in METRICS)
    return f"{HEAD}{rows}\n## Queries\n{_sums()}{''.join(_query(name, sql) for name, sql in QUERIES.items())}"


def _row(metric: Metric) -> str:
    unit = " / ".join(dict.fromkeys([UNITS[metric.unit][CHINESE], UNITS[metric.unit][ENGLISH]]))
    titles = f"{metric.titles[CHINESE]}<br>{metric.titles[ENGLISH]}"
    definition = f"{metric.definitions[CHINESE]}<br>{metric.definitions[ENGLISH]}"
    return f"| `{metric.name}` | {titles} | {unit} | {definition} | {_formula(metric)} |\n"


def _formula(metric: Metric) -> str:
    how = metric.how
    if isinstance(how, Relation):
        factor = "100 × " if how.kind == "share" else ""
        return f"{factor}`{how.above}` / `{how.below}`"
    if isinstance(how, Sum):
        return " − ".join(_term(term) for term in how.terms)
    assert isinstance(how, Computed)
    told = f"({', '.join(how.arguments)})" if how.arguments else ""
    return f"[{how.name}](#{how.name}){told}"


def _term(term: Term) -> str:
    column = {"count": "events", "sum": "amount", "answers": "answers"}[term.of]
    conditions = [f"type = '{term.type}'", "is_bot" if term.bots else "NOT is_bot"]
    conditions += [f"label = '{term.label}'"] if term.label else []
    return f"`sum({column}) WHERE {' AND '.join(conditions)}`"


def _sums() -> str:
    return "\nSums are over `day_count` of the community and the days of the period.\n"


def _query(name: str, statements: tuple[str, ...]) -> str:
    joined = "\n".join(f"```sql\n{_flush(sql)}\n```" for sql in statements)
    return f"\n### {name}\n\n{joined}\n"


def _flush(sql: str) -> str:
    lines = sql.strip("\n").rstrip().splitlines()
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[indent:] for line in lines)


def main(arguments: list[str]) -> int:
    """Write, or check and tell."""
    if "--check" not in arguments:
        DOCUMENT.write_text(render(), encoding="utf-8")
        return 0
    if DOCUMENT.exists() and DOCUMENT.read_text(encoding="utf-8") == render():
        return 0
    print(f"stale: {DOCUMENT.name}; `python -m tools.metrics_document` brings it up to date", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
