"""The first board that an operator opens: is Hearth well, and if not, where."""

from deploy.local.roles import SERVICES
from deploy.monitoring.panels import JOB, RATE, Board, Limits, Panel, Query, Row, query
from shared.contracts.topics import PARTITIONS

LANES = PARTITIONS * len(SERVICES)

_NOW = Row(
    "Now",
    "现在",
    (
        Panel(
            "Services up",
            "在线服务",
            "Services with at least one process that Prometheus reaches.",
            query(f"count(max by (service) (up{{{JOB}}}) == 1) or vector(0)", "services"),
            "short",
            Limits(len(SERVICES), len(SERVICES) - 1, falling=True),
            "stat",
            4,
        ),
        Panel(
            "Processes not ready",
            "未就绪进程",
            "Processes that do not consume events.",
            query(f"count(hearth_ready{{{JOB}}} == 0) or vector(0)", "processes"),
            "short",
            Limits(1, 2),
            "stat",
            4,
        ),
        Panel(
            "Oldest unread event",
            "最旧未读事件",
            "Age of what the slowest lane of any service has read up to.",
            query("max(service:hearth_lag_seconds:max)", "age"),
            "s",
            Limits(60, 600),
            "stat",
            4,
        ),
        Panel(
            "Events waiting",
            "等待处理的事件",
            "Records in the log that some service has not handled.",
            query("sum(service:hearth_lag_events:sum)", "records"),
            "short",
            Limits(10_000, 100_000),
            "stat",
            4,
        ),
        Panel(
            "Dead letters, last hour",
            "近一小时死信",
            "Records that were set aside.",
            query(f"sum(increase(hearth_dead_letters_total{{{JOB}}}[1h]))", "records"),
            "short",
            Limits(1, 100),
            "stat",
            4,
        ),
        Panel(
            "Lanes without work",
            "停摆分区",
            "Lanes that a breaker stopped, or that no process owns.",
            query(
                f"sum(hearth_lanes_stopped{{{JOB}}})"
                f" + clamp_min({LANES} - sum(hearth_lanes_owned{{{JOB}}}), 0)",
                "lanes",
            ),
            "short",
            Limits(1, 2),
            "stat",
            4,
        ),
    ),
)
_FLOW = Row(
    "Flow",
    "吞吐",
    (
        Panel(
            "Records handled",
            "已处理记录",
            "Records a second, by service; with those applied, skipped and set aside.",
            query("service:hearth_records:rate5m"),
            "ops",
        ),
        Panel(
            "Behind, in seconds",
            "落后时间",
            "Age of what each service's slowest lane has read up to.",
            query("service:hearth_lag_seconds:max"),
            "s",
            Limits(60, 600),
        ),
        Panel(
            "Behind, in records",
            "落后条数",
            "Records that each service has not handled.",
            query("service:hearth_lag_events:sum"),
            "short",
            Limits(10_000, 100_000),
        ),
        Panel(
            "Duration of a batch",
            "批处理耗时",
            "Transaction of a batch, median and 99th percentile.",
            (
                Query("service:hearth_batch_seconds:p50_5m", "{{service}} p50"),
                Query("service:hearth_batch_seconds:p99_5m", "{{service}} p99"),
            ),
            "s",
            Limits(1, 5),
        ),
        Panel(
            "Fates of records",
            "记录去向",
            "Records a second by what became of them.",
            query(f"sum by (end) (rate(hearth_records_total{{{JOB}}}[{RATE}]))", "{{end}}"),
            "ops",
        ),
        Panel(
            "Announced and sent",
            "已发布事件",
            "Events that Kafka acknowledged, a second.",
            query(f"sum by (service) (rate(hearth_outbox_sent_total{{{JOB}}}[{RATE}]))"),
            "ops",
        ),
    ),
)
_TROUBLE = Row(
    "Trouble",
    "异常",
    (
        Panel(
            "Dead letters",
            "死信",
            "Records set aside a second, by service.",
            query("service:hearth_dead_letters:rate5m"),
            "ops",
            Limits(0.001, 1),
        ),
        Panel(
            "Outbox age",
            "待发布时长",
            "Age of the oldest event that Kafka has not acknowledged.",
            query(f"max by (service) (hearth_outbox_age_seconds{{{JOB}}})"),
            "s",
            Limits(5, 30),
        ),
        Panel(
            "Timers late",
            "定时任务延迟",
            "How long the oldest timer that is due has waited.",
            query(f"max by (service) (hearth_timer_late_seconds{{{JOB}}})"),
            "s",
            Limits(60, 300),
        ),
        Panel(
            "Batches tried again",
            "批处理重试",
            "Batches a second that failed for a reason that may pass.",
            query(f"sum by (service) (rate(hearth_batch_retries_total{{{JOB}}}[{RATE}]))"),
            "ops",
            Limits(0.1, 1),
        ),
        Panel(
            "Failed requests",
            "失败请求",
            "Share of requests to the APIs that were answered with 5xx.",
            query("service:hearth_http_errors:ratio5m"),
            "percentunit",
            Limits(0.01, 0.05),
        ),
        Panel(
            "Lanes changed hands",
            "分区易主",
            "Lanes that turned out to have another owner, in five minutes.",
            query(f"sum by (service) (increase(hearth_lanes_fenced_total{{{JOB}}}[5m]))"),
            "short",
            Limits(PARTITIONS, 4 * PARTITIONS),
        ),
    ),
)
_ROOM = Row(
    "Room",
    "资源",
    (
        Panel(
            "Database connections in use",
            "数据库连接占用",
            "Busy connections by the most that a pool may have.",
            query(
                f'max by (service) (hearth_database_connections{{{JOB}, state="busy"}}'
                f" / ignoring (state) hearth_database_connections_max{{{JOB}}})"
            ),
            "percentunit",
            Limits(0.7, 0.9),
            width=6,
        ),
        Panel(
            "Event loop",
            "事件循环延迟",
            "The longest that something due had to wait for the loop.",
            query(f"max by (service) (hearth_event_loop_lag_seconds{{{JOB}}})"),
            "s",
            Limits(0.5, 2),
            width=6,
        ),
        Panel(
            "Memory",
            "内存",
            "Resident memory of the largest process of each service.",
            query(f"max by (service) (process_resident_memory_bytes{{{JOB}}})"),
            "bytes",
            Limits(500e6, 700e6),
            width=6,
        ),
        Panel(
            "CPU",
            "处理器",
            "Cores that all processes of a service use.",
            query(f"sum by (service) (rate(process_cpu_seconds_total{{{JOB}}}[{RATE}]))"),
            "short",
            width=6,
        ),
    ),
)

OVERVIEW = Board(
    "overview",
    "Hearth: overview",
    "总览",
    "Is Hearth well? Nothing here is red on a good day.",
    (_NOW, _FLOW, _TROUBLE, _ROOM),
)
