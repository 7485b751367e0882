"""A board for each service: what every service has, then every metric that it declares itself."""

from deploy.monitoring.chinese import TITLES
from deploy.monitoring.panels import JOB, RATE, Board, Limits, Panel, Query, Row, query
from shared.observability.document import collect
from shared.observability.metrics import Declared

UNITS = {"seconds": "s", "bytes": "bytes"}


def service_board(service: str) -> Board:
    """The board of one service, from the declarations in the code."""
    one = f'{JOB}, service="{service}"'
    rows = (_work(one), _lanes(one), _process(one))
    own = own_panels(service)
    mine = (Row("Its own numbers", "业务指标", own),) if own else ()
    return Board(
        service,
        f"Hearth: {service}",
        TITLES.get(service, service),
        f"How {service} works, and what it counts.",
        (*mine, *rows),
    )


def own_panels(service: str) -> tuple[Panel, ...]:
    """One panel for each metric whose name begins with the service's."""
    prefix = f"hearth_{service}_"
    return tuple(
        _own_panel(metric, prefix, f'{JOB}, service="{service}"')
        for metric in collect()
        if metric.name.startswith(prefix)
    )


def _own_panel(metric: Declared, prefix: str, one: str) -> Panel:
    words = metric.name.removeprefix(prefix).removesuffix("_total").replace("_", " ")
    title = words[0].upper() + words[1:]
    chinese = TITLES.get(metric.name, "")
    labels = [label for label, _ in metric.labels]
    legend = " ".join(f"{{{{{label}}}}}" for label in labels) or words
    by = f" by ({', '.join(labels)})" if labels else ""
    if metric.kind == "counter":
        asked = query(f"sum{by} (rate({metric.name}{{{one}}}[{RATE}])) * 60", legend)
        return Panel(title, chinese, f"{metric.help} A minute.", asked, "short")
    unit = UNITS.get(metric.name.rpartition("_")[2], "short")
    if metric.kind == "histogram":
        return Panel(
            title, chinese, f"{metric.help} Median and 99th percentile.", _quantiles(metric.name, one), unit
        )
    # Every replica tells the same of its database, so the largest stands for all.
    return Panel(title, chinese, metric.help, query(f"max{by} ({metric.name}{{{one}}})", legend), unit)


def _quantiles(name: str, one: str) -> tuple[Query, ...]:
    buckets = f"sum by (le) (rate({name}_bucket{{{one}}}[{RATE}]))"
    # No observation, no quantile: 0 keeps the line.
    return tuple(
        Query(f"(histogram_quantile({share}, {buckets}) >= 0) or vector(0)", label)
        for share, label in ((0.5, "p50"), (0.99, "p99"))
    )


def _work(one: str) -> Row:
    return Row(
        "Work",
        "处理",
        (
            Panel(
                "Records by topic",
                "各主题记录",
                "Records handled a second, by topic.",
                query(
                    f"sum by (topic) (rate(hearth_records_total{{{one}}}[{RATE}])) > 0"
                    f" or sum by (topic) (hearth_records_total{{{one}}}) * 0",
                    "{{topic}}",
                ),
                "ops",
            ),
            Panel(
                "Fates of records",
                "记录去向",
                "Records a second by what became of them.",
                query(f"sum by (end) (rate(hearth_records_total{{{one}}}[{RATE}]))", "{{end}}"),
                "ops",
            ),
            Panel(
                "Dead letters by reason",
                "死信原因",
                "Records set aside in five minutes, by reason.",
                query(f"sum by (reason) (increase(hearth_dead_letters_total{{{one}}}[5m]))", "{{reason}}"),
                "short",
                Limits(1, 50),
            ),
            Panel(
                "Duration of a batch",
                "批处理耗时",
                "Transaction of a batch.",
                _quantiles("hearth_batch_seconds", one),
                "s",
                Limits(1, 5),
            ),
            Panel(
                "Size of a batch",
                "批大小",
                "Records of a batch: large ones mean that it is behind.",
                _quantiles("hearth_batch_records", one),
                "short",
                Limits(2000, 4000),
            ),
            Panel(
                "Tried again, cleaned, missing",
                "重试、清洗、缺失",
                "A minute: batches tried again, records made storable, records missing from the log.",
                (
                    Query(f"sum(rate(hearth_batch_retries_total{{{one}}}[{RATE}])) * 60", "tried again"),
                    Query(f"sum(rate(hearth_records_cleaned_total{{{one}}}[{RATE}])) * 60", "cleaned"),
                    Query(f"sum(rate(hearth_log_gaps_total{{{one}}}[{RATE}])) * 60", "missing"),
                ),
                "short",
                Limits(1, 60),
            ),
        ),
    )


def _lanes(one: str) -> Row:
    return Row(
        "Lanes and outbox",
        "分区与发布",
        (
            Panel(
                "Behind by lane, in records",
                "各分区落后条数",
                "Records not handled: one high lane is one busy community.",
                query(f"max by (lane) (hearth_lag_events{{{one}}})", "{{lane}}"),
                "short",
                Limits(10_000, 100_000),
            ),
            Panel(
                "Behind by lane, in seconds",
                "各分区落后时间",
                "Age of what each lane has read up to.",
                query(f"max by (lane) (hearth_lag_seconds{{{one}}})", "{{lane}}"),
                "s",
                Limits(60, 600),
            ),
            Panel(
                "Lanes of each process",
                "各进程分区数",
                "Lanes owned, and those that a breaker has stopped.",
                (
                    Query(f"hearth_lanes_owned{{{one}}}", "{{instance}}"),
                    Query(f"hearth_lanes_stopped{{{one}}}", "{{instance}} stopped"),
                ),
                "short",
            ),
            Panel(
                "Outbox",
                "待发布",
                "Events written and sent, a second.",
                (
                    Query(f"sum(rate(hearth_outbox_written_total{{{one}}}[{RATE}]))", "written"),
                    Query(f"sum(rate(hearth_outbox_sent_total{{{one}}}[{RATE}]))", "sent"),
                ),
                "ops",
            ),
            Panel(
                "Outbox waiting",
                "待发布条数",
                "Events that are not sent yet, and producers made anew in five minutes.",
                (
                    Query(f"sum(hearth_outbox_waiting{{{one}}})", "waiting"),
                    Query(f"sum(increase(hearth_producer_rebuilt_total{{{one}}}[5m]))", "producers rebuilt"),
                ),
                "short",
                Limits(1_000, 10_000),
            ),
            Panel(
                "Timers",
                "定时任务",
                "Timers fired a minute, and those due that wait for another service.",
                (
                    Query(f"sum(rate(hearth_timers_fired_total{{{one}}}[{RATE}])) * 60", "fired"),
                    Query(f"sum(hearth_timers_waiting{{{one}}})", "waiting"),
                ),
                "short",
            ),
        ),
    )


def _process(one: str) -> Row:
    return Row(
        "Processes",
        "进程",
        (
            Panel(
                "Requests",
                "请求",
                "Requests a second by the class of their status.",
                query(f"sum by (status) (rate(hearth_http_requests_total{{{one}}}[{RATE}]))", "{{status}}"),
                "ops",
            ),
            Panel(
                "Duration of a request",
                "请求耗时",
                "Time to a whole answer.",
                _quantiles("hearth_http_request_seconds", one),
                "s",
                Limits(0.5, 2),
            ),
            Panel(
                "Database connections",
                "数据库连接",
                "Connections of all pools, by what they do.",
                query(f"sum by (state) (hearth_database_connections{{{one}}})", "{{state}}"),
                "short",
            ),
            Panel(
                "Event loop",
                "事件循环延迟",
                "The longest that something due had to wait.",
                query(f"hearth_event_loop_lag_seconds{{{one}}}", "{{instance}}"),
                "s",
                Limits(0.5, 2),
            ),
            Panel(
                "Memory",
                "内存",
                "Resident memory of each process.",
                query(f"process_resident_memory_bytes{{{one}}}", "{{instance}}"),
                "bytes",
                Limits(500e6, 700e6),
            ),
            Panel(
                "CPU",
                "处理器",
                "Cores that each process uses.",
                query(f"rate(process_cpu_seconds_total{{{one}}}[{RATE}])", "{{instance}}"),
                "short",
                Limits(0.8, 1),
            ),
        ),
    )
