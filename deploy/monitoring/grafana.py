"""Boards in Grafana's format."""

from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)

from deploy.monitoring.panels import Board, Limits, Panel, Query

SOURCE = DataSourceRef("prometheus", "${datasource}")
TAGS = ["hearth"]
HEIGHT, HEIGHT_OF_STAT = 8, 4
GREEN, YELLOW, RED = "green", "yellow", "red"


def render(board: Board) -> str:
    """The board's JSON, the same for the same board."""
    made = (
        dashboard.Dashboard(f"{board.title} · {board.chinese}")
        .uid(f"hearth-{board.name}")
        .description(board.description)
        .tags(TAGS)
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for row in board.rows:
        made = made.with_row(dashboard.Row(f"{row.title} · {row.chinese}"))
        for panel in row.panels:
            made = made.with_panel(_panel(panel))
    text: str = JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False).encode(made.build())
    return text + "\n"


def title(panel: Panel) -> str:
    """In both languages where there are both."""
    return f"{panel.title} · {panel.chinese}" if panel.chinese else panel.title


def _panel(panel: Panel) -> Any:
    made = stat.Panel() if panel.kind == "stat" else _lines(panel)
    made = (
        made.title(title(panel))
        .description(panel.description)
        .datasource(SOURCE)
        .unit(panel.unit)
        .span(panel.width)
        .height(HEIGHT_OF_STAT if panel.kind == "stat" else HEIGHT)
        .thresholds(_thresholds(panel.limits))
    )
    for number, asked in enumerate(panel.queries):
        made = made.with_target(_target(asked, chr(ord("A") + number)))
    return made


def _lines(panel: Panel) -> timeseries.Panel:
    made = timeseries.Panel().min(0).line_width(1).fill_opacity(10).legend(_legend())
    if panel.limits is None:
        return made
    return made.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .calcs([])
    )


def _target(asked: Query, name: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(asked.expression).legend_format(asked.legend).ref_id(name)


def _thresholds(limits: Limits | None) -> dashboard.ThresholdsConfig:
    if limits is None:
        steps = [Threshold(None, GREEN)]
    elif limits.falling:
        steps = [Threshold(None, RED), Threshold(limits.bad, YELLOW), Threshold(limits.look, GREEN)]
    else:
        steps = [Threshold(None, GREEN), Threshold(limits.look, YELLOW), Threshold(limits.bad, RED)]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
