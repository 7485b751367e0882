"""A report as a table for spreadsheets: every metric of the period, the one before, and of each day."""

import csv
import io

from services.reporting.domain.report import Report

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet reads a cell that begins so as a formula; it takes the full-width forms for the same."""


def table(report: Report) -> str:
    """One line a metric; no cell can be taken for a formula. Empty cells where there is nothing to tell."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    days = [part.name for part in report.parts]
    writer.writerow(["community_id", "period", "metric", "unit", "value", "before", *days])
    for each in report.series:
        told = [each.total, report.previous.get(each.metric.name), *each.values]
        name = [neutral(report.community_id), report.period.name, each.metric.name, each.metric.unit]
        writer.writerow([*name, *("" if value is None else value for value in told)])
    return file.getvalue()


def neutral(cell: str) -> str:
    """The cell as text that a spreadsheet shows and does not run."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
