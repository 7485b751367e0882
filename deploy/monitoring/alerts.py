"""The index of all alerts; each names the section of docs/RUNBOOK.md that says what to do."""

from deploy.local.roles import SERVICES
from deploy.monitoring.alert import CRITICAL, NOTICE, WARNING, Alert
from deploy.monitoring.connector_alerts import CONNECTOR_ALERTS
from deploy.monitoring.panels import JOB
from shared.contracts.topics import COMPACTED, PARTITIONS

_UNCOMPACTED = f'{JOB}, topic!~"{"|".join(sorted(COMPACTED))}"'
_BUSY = (
    f'hearth_database_connections{{{JOB}, state="busy"}}'
    f" / ignoring (state) hearth_database_connections_max{{{JOB}}}"
)
_REMOVALS = f"sum(rate(hearth_moderation_removals_total{{{JOB}}}"
# In the first day there is no ordinary day to compare with.
_ORDINARY = f"sum(hearth_moderation_removals_total{{{JOB}}} offset 1d) >= 0"
_ABSENT = " or ".join(
    # of a comparison `absent` keeps no label
    f'label_replace(absent(up{{{JOB}, service="{name}"}} == 1), "service", "{name}", "", "")'
    for name in SERVICES
)


ALERTS = (
    Alert(
        "HearthServiceMissing",
        _ABSENT,
        "3m",
        CRITICAL,
        "a-service-is-missing",
        "No process of {{ $labels.service }} can be reached.",
        "服务 {{ $labels.service }} 没有任何可达进程。",
    ),
    Alert(
        "HearthNotReady",
        f"hearth_ready{{{JOB}}} == 0",
        "5m",
        CRITICAL,
        "a-service-is-not-ready",
        "{{ $labels.instance }} of {{ $labels.service }} consumes nothing.",
        "{{ $labels.service }} 的 {{ $labels.instance }} 未在消费事件。",
    ),
    Alert(
        "HearthBehind",
        "service:hearth_lag_seconds:max > 60",
        "5m",
        WARNING,
        "behind-and-not-catching-up",
        "{{ $labels.service }} is {{ $value | humanizeDuration }} behind.",
        "{{ $labels.service }} 落后 {{ $value | humanizeDuration }}。",
    ),
    Alert(
        "HearthFarBehind",
        "service:hearth_lag_seconds:max > 900",
        "10m",
        CRITICAL,
        "behind-and-not-catching-up",
        "{{ $labels.service }} is {{ $value | humanizeDuration }} behind.",
        "{{ $labels.service }} 落后 {{ $value | humanizeDuration }}。",
    ),
    Alert(
        "HearthLaneStopped",
        f"sum by (service) (hearth_lanes_stopped{{{JOB}}}) > 0",
        "1m",
        CRITICAL,
        "a-stopped-lane",
        "{{ $value }} lanes of {{ $labels.service }} stopped after too many dead letters.",
        "{{ $labels.service }} 有 {{ $value }} 个分区因死信过多而停止。",
    ),
    Alert(
        "HearthLanesWithoutOwner",
        f"sum by (service) (hearth_lanes_owned{{{JOB}}}) < {PARTITIONS}",
        "5m",
        CRITICAL,
        "lanes-without-an-owner",
        f"Only {{{{ $value }}}} of {PARTITIONS} lanes of {{{{ $labels.service }}}} have an owner.",
        f"{{{{ $labels.service }}}} 的 {PARTITIONS} 个分区中仅 {{{{ $value }}}} 个有进程负责。",
    ),
    Alert(
        "HearthDeadLetters",
        f"sum by (service) (increase(hearth_dead_letters_total{{{JOB}}}[15m])) > 0",
        "0m",
        WARNING,
        "dead-letters",
        "{{ $labels.service }} set records aside.",
        "{{ $labels.service }} 出现死信。",
    ),
    Alert(
        "HearthLogGap",
        f"sum by (service, topic) (increase(hearth_log_gaps_total{{{_UNCOMPACTED}}}[15m])) > 0",
        "0m",
        CRITICAL,
        "a-gap-in-the-log",
        "Records of {{ $labels.topic }} were gone before {{ $labels.service }} read them.",
        "{{ $labels.topic }} 的记录在 {{ $labels.service }} 读取前已丢失。",
    ),
    Alert(
        "HearthOutboxStuck",
        f"max by (service) (hearth_outbox_age_seconds{{{JOB}}}) > 30",
        "2m",
        CRITICAL,
        "announced-but-not-sent",
        "{{ $labels.service }} has not sent an event for {{ $value | humanizeDuration }}.",
        "{{ $labels.service }} 有事件 {{ $value | humanizeDuration }} 未能发布。",
    ),
    Alert(
        "HearthTimersLate",
        f"max by (service) (hearth_timer_late_seconds{{{JOB}}}) > 300",
        "5m",
        WARNING,
        "a-timer-is-due-and-does-not-fire",
        "A timer of {{ $labels.service }} is {{ $value | humanizeDuration }} late.",
        "{{ $labels.service }} 的定时任务迟了 {{ $value | humanizeDuration }}。",
    ),
    Alert(
        "HearthBatchesSlow",
        "service:hearth_batch_seconds:p99_5m > 5",
        "10m",
        WARNING,
        "slow-batches",
        "Batches of {{ $labels.service }} take {{ $value | humanizeDuration }}.",
        "{{ $labels.service }} 的批处理耗时 {{ $value | humanizeDuration }}。",
    ),
    Alert(
        "HearthRetrying",
        f"sum by (service) (rate(hearth_batch_retries_total{{{JOB}}}[5m])) > 0.1",
        "5m",
        WARNING,
        "batches-are-tried-again",
        "{{ $labels.service }} tries its batches again and again.",
        "{{ $labels.service }} 反复重试批处理。",
    ),
    Alert(
        "HearthLanesFought",
        f"sum by (service) (increase(hearth_lanes_fenced_total{{{JOB}}}[15m])) > {2 * PARTITIONS}",
        "5m",
        WARNING,
        "lanes-change-hands",
        "Lanes of {{ $labels.service }} change owners again and again.",
        "{{ $labels.service }} 的分区频繁易主。",
    ),
    Alert(
        "HearthEventLoopBlocked",
        f"hearth_event_loop_lag_seconds{{{JOB}}} > 2",
        "5m",
        WARNING,
        "a-blocked-event-loop",
        "The event loop of {{ $labels.instance }} was blocked for {{ $value | humanizeDuration }}.",
        "{{ $labels.instance }} 的事件循环被阻塞 {{ $value | humanizeDuration }}。",
    ),
    Alert(
        "HearthConnectionsUsedUp",
        f"{_BUSY} > 0.9",
        "5m",
        WARNING,
        "no-database-connections-left",
        "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its database connections.",
        "{{ $labels.instance }} 已用 {{ $value | humanizePercentage }} 的数据库连接。",
    ),
    Alert(
        "HearthRequestsFail",
        "service:hearth_http_errors:ratio5m > 0.05",
        "5m",
        WARNING,
        "requests-fail",
        "{{ $value | humanizePercentage }} of requests to {{ $labels.service }} fail.",
        "{{ $labels.service }} 有 {{ $value | humanizePercentage }} 的请求失败。",
    ),
    Alert(
        "HearthRestarts",
        f"changes(process_start_time_seconds{{{JOB}}}[30m]) > 3",
        "0m",
        WARNING,
        "a-process-that-dies-again-and-again",
        "{{ $labels.instance }} of {{ $labels.service }} started {{ $value }} times in half an hour.",
        "{{ $labels.service }} 的 {{ $labels.instance }} 半小时内重启 {{ $value }} 次。",
    ),
    Alert(
        "HearthRemovalsSurge",
        f"{_REMOVALS}[15m])) > 10 * {_REMOVALS}[1d])) and {_REMOVALS}[15m])) > 0.2 and {_ORDINARY}",
        "5m",
        NOTICE,
        "a-surge-of-removals",
        "Ten times as many messages are removed as on an ordinary day.",
        "移除的消息是平日的十倍以上。",
    ),
    Alert(
        "HearthAppealsOverdue",
        f'sum(increase(hearth_moderation_appeals_total{{{JOB}, what="overdue"}}[1h])) > 0',
        "0m",
        NOTICE,
        "appeals-wait-too-long",
        "Appeals of members passed their deadline.",
        "有成员申诉超过处理期限。",
    ),
    Alert(
        "HearthPolicyRefused",
        f"sum(increase(hearth_moderation_policies_refused_total{{{JOB}}}[15m])) > 0",
        "0m",
        WARNING,
        "a-policy-is-refused",
        "A stored policy cannot be built by this release; an earlier one judges.",
        "有策略无法由当前版本加载，正在使用较早的版本。",
    ),
    Alert(
        "HearthGiftsUndelivered",
        f'sum(increase(hearth_rewards_fulfilment_failures_total{{{JOB}, then="dead"}}[1h])) > 0',
        "0m",
        WARNING,
        "gifts-are-not-handed-over",
        "The webhook for gifts was given up for some; a person must hand them over.",
        "部分礼品的发货接口已放弃重试，需人工发放。",
    ),
    Alert(
        "HearthMonthDelayed",
        f"sum(increase(hearth_rewards_closes_delayed_total{{{JOB}}}[1h])) > 0",
        "0m",
        WARNING,
        "a-month-does-not-close",
        "The close of a month waits for records that were set aside.",
        "有月度结算因死信而推迟。",
    ),
    Alert(
        "HearthReportsFail",
        f'sum(increase(hearth_reporting_reports_total{{{JOB}, state="failed"}}[1h]))'
        f' + sum(increase(hearth_reporting_deliveries_total{{{JOB}, outcome="given_up"}}[1h])) > 0',
        "0m",
        WARNING,
        "reports-do-not-arrive",
        "Reports failed or their webhook was given up.",
        "有报告生成失败或投递已放弃。",
    ),
    *CONNECTOR_ALERTS,
)
