"""Alerts of connectors."""

from deploy.monitoring.alert import CRITICAL, WARNING, Alert
from deploy.monitoring.panels import CONNECTORS_JOB as JOB

_UP = f"max by (connector) (up{{{JOB}}})"
_SEEN = f"max by (connector) (max_over_time(up{{{JOB}}}[1d])) == 1"

CONNECTOR_ALERTS = (
    Alert(
        "HearthConnectorMissing",
        # Nobody knows which connectors there should be; those of the last day should.
        f"{_SEEN} unless on (connector) {_UP} == 1",
        "3m",
        CRITICAL,
        "a-connector-is-missing",
        "The connector {{ $labels.connector }} cannot be reached.",
        "连接器 {{ $labels.connector }} 不可达。",
    ),
    Alert(
        "HearthConnectorConflict",
        f"max by (connector) (hearth_connectors_conflicts{{{JOB}}}) > 0",
        "2m",
        CRITICAL,
        "two-connectors-for-one-place",
        "{{ $labels.connector }} stands back: another connector answers for one of its places.",
        "{{ $labels.connector }} 已退让：另一个连接器负责着它的某个群。",
    ),
    Alert(
        "HearthConnectorSilent",
        # Its heartbeats are published, too.
        f"sum by (connector) (rate(hearth_connectors_events_published_total{{{JOB}}}[5m])) == 0",
        "3m",
        CRITICAL,
        "a-connector-publishes-nothing",
        "Kafka has taken nothing from {{ $labels.connector }}, not even a heartbeat.",
        "Kafka 未收到 {{ $labels.connector }} 的任何事件，连心跳也没有。",
    ),
    Alert(
        "HearthConnectorCommandsWait",
        f"max by (connector) (hearth_connectors_commands_waiting{{{JOB}}}) > 100",
        "10m",
        WARNING,
        "commands-wait-for-a-platform",
        "{{ $value }} commands wait in {{ $labels.connector }}.",
        "{{ $labels.connector }} 有 {{ $value }} 条命令等待执行。",
    ),
    Alert(
        "HearthConnectorCommandsBehind",
        f"max by (connector) (hearth_connectors_commands_lag_records{{{JOB}}}) > 1000",
        "5m",
        WARNING,
        "commands-wait-for-a-platform",
        "{{ $labels.connector }} has not looked at {{ $value }} records of the commands.",
        "{{ $labels.connector }} 有 {{ $value }} 条命令记录尚未读取。",
    ),
    Alert(
        "HearthConnectorCommandsLost",
        f"sum by (connector) (increase(hearth_connectors_receipts_total"
        f'{{{JOB}, outcome=~"expired|failed"}}[15m])) > 0',
        "0m",
        WARNING,
        "commands-are-not-carried-out",
        "Commands of {{ $labels.connector }} expired or failed.",
        "{{ $labels.connector }} 有命令过期或失败。",
    ),
    Alert(
        "HearthConnectorPlatformFails",
        f"sum by (connector) (rate(hearth_connectors_platform_errors_total"
        f'{{{JOB}, kind=~"unreachable|broken"}}[5m])) > 0.05',
        "10m",
        WARNING,
        "a-platform-does-not-answer",
        "Calls of the platform of {{ $labels.connector }} fail.",
        "{{ $labels.connector }} 调用平台接口失败。",
    ),
    Alert(
        "HearthConnectorEventsRefused",
        f"sum by (connector, reason) (increase(hearth_connectors_events_refused_total{{{JOB}}}[15m])) > 10",
        "5m",
        WARNING,
        "events-are-refused",
        "{{ $labels.connector }} refuses events: {{ $labels.reason }}.",
        "{{ $labels.connector }} 拒收事件：{{ $labels.reason }}。",
    ),
)
