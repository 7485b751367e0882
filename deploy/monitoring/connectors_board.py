"""The board of connectors: what comes in from the chats, what is carried out there, and what fails."""

from deploy.monitoring.panels import CONNECTORS_JOB as JOB
from deploy.monitoring.panels import RATE, Board, Limits, Panel, Query, Row, query

EACH = "{{connector}}"


def _a_minute(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}{{{JOB}}}[{RATE}])) * 60"


def _stat(title: str, chinese: str, description: str, asked: str, limits: Limits | None) -> Panel:
    return Panel(title, chinese, description, query(asked, "connectors"), "short", limits, "stat", 6)


_SECONDS = f"sum by (le) (rate(hearth_connectors_command_seconds_bucket{{{JOB}}}[{RATE}]))"

_NOW = Row(
    "Now",
    "现在",
    (
        _stat(
            "Connectors up",
            "在线连接器",
            "Connectors that Prometheus reaches.",
            f"count(max by (connector) (up{{{JOB}}}) == 1) or vector(0)",
            Limits(1, 0, falling=True),
        ),
        _stat(
            "Standing back",
            "退让中",
            "Connectors that do nothing: another answers for one of their places.",
            f"sum(hearth_connectors_conflicts{{{JOB}}})",
            Limits(1, 1),
        ),
        _stat(
            "Commands waiting",
            "等待执行的命令",
            "Commands that have no outcome yet.",
            f"sum(hearth_connectors_commands_waiting{{{JOB}}})",
            Limits(20, 100),
        ),
        _stat(
            "Commands unread",
            "未读命令",
            "Records of the commands' topic that a connector has not looked at.",
            f"sum(hearth_connectors_commands_lag_records{{{JOB}}})",
            Limits(100, 1_000),
        ),
    ),
)
_IN = Row(
    "From the chats",
    "来自群聊",
    (
        Panel(
            "Published",
            "已发布",
            "Events, receipts and heartbeats that brokers have, a minute.",
            query(_a_minute("hearth_connectors_events_published_total", "connector"), EACH),
            "short",
            width=12,
        ),
        Panel(
            "Refused",
            "拒收",
            "Events from outside that were not taken, a minute, by reason.",
            query(_a_minute("hearth_connectors_events_refused_total", "reason"), "{{reason}}"),
            "short",
            Limits(1, 10),
            width=12,
        ),
    ),
)
_OUT = Row(
    "Into the chats",
    "执行命令",
    (
        Panel(
            "Outcomes",
            "执行结果",
            "Commands with an outcome, a minute, by what came of them.",
            query(_a_minute("hearth_connectors_receipts_total", "outcome"), "{{outcome}}"),
            "short",
        ),
        Panel(
            "Acts",
            "命令类型",
            "Commands with an outcome, a minute, by what was asked.",
            query(_a_minute("hearth_connectors_receipts_total", "act"), "{{act}}"),
            "short",
        ),
        Panel(
            "From decision to outcome",
            "从决定到结果",
            "Median and 99th percentile; the platforms' limits are in it.",
            # No observation, no quantile: 0 keeps the line.
            tuple(
                Query(f"(histogram_quantile({share}, {_SECONDS}) >= 0) or vector(0)", name)
                for share, name in ((0.5, "p50"), (0.99, "p99"))
            ),
            "s",
            Limits(5, 60),
        ),
        Panel(
            "Waiting",
            "等待中",
            "Commands without an outcome, by connector.",
            query(f"max by (connector) (hearth_connectors_commands_waiting{{{JOB}}})", EACH),
            "short",
            Limits(20, 100),
        ),
        Panel(
            "Unread",
            "未读",
            "Records of the commands' topic that a connector has not looked at.",
            query(f"max by (connector) (hearth_connectors_commands_lag_records{{{JOB}}})", EACH),
            "short",
            Limits(100, 1_000),
        ),
        Panel(
            "Platforms' errors",
            "平台错误",
            "Calls that did not succeed, a minute, by kind; busy is the platform's limit.",
            query(
                _a_minute("hearth_connectors_platform_errors_total", "connector, kind"),
                f"{EACH} {{{{kind}}}}",
            ),
            "short",
            Limits(1, 10),
        ),
    ),
)
_PROCESS = Row(
    "Processes",
    "进程",
    (
        Panel(
            "Memory",
            "内存",
            "Resident memory of each connector.",
            query(f"max by (connector) (process_resident_memory_bytes{{{JOB}}})", EACH),
            "bytes",
            Limits(300e6, 450e6),
            width=12,
        ),
        Panel(
            "CPU",
            "处理器",
            "Cores that each connector uses.",
            query(f"sum by (connector) (rate(process_cpu_seconds_total{{{JOB}}}[{RATE}]))", EACH),
            "short",
            Limits(0.7, 0.9),
            width=12,
        ),
    ),
)

CONNECTORS = Board(
    "connectors",
    "Hearth: connectors",
    "连接器",
    "Are the chats connected, and is what services ask for done there?",
    (_NOW, _IN, _OUT, _PROCESS),
)
