"""For each alert what the world looks like when it must fire, and one much like it when it must not."""

from dataclasses import dataclass

from deploy.local.roles import SERVICES
from shared.contracts.topics import PARTITIONS

ONE = 'job="hearth", service="rewards", instance="rewards-1"'
OF_SERVICE = {"service": "rewards"}
OF_PROCESS = {"job": "hearth", "service": "rewards", "instance": "rewards-1"}
OF_CONNECTOR = {"connector": "telegram"}
Series = dict[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """Series as promtool writes them, in steps of a minute, and the minute that is looked at."""

    alert: str
    labels: dict[str, str]
    bad: Series
    good: Series
    minute: int = 20


def _up(missing: str = "") -> Series:
    return {
        f'up{{job="hearth", service="{name}", instance="{name}-1"}}': "0x60" if name == missing else "1x60"
        for name in SERVICES
    }


def _gauge(name: str, bad: str, good: str, more: str = "") -> tuple[Series, Series]:
    series = f"{name}{{{ONE}{more}}}"
    return {series: bad}, {series: good}


def _of_connector(name: str, values: str, more: str = "") -> Series:
    labels = (
        f'job="hearth-connectors", connector="telegram", instance="hearth-telegram-0"{more and ", " + more}'
    )
    return {f"{name}{{{labels}}}": values}


def _slow(share: int) -> Series:
    """Of 100 batches a minute so many take up to 10 s, the others up to 1 s."""
    return {
        f'hearth_batch_seconds_bucket{{{ONE}, le="1"}}': f"0+{100 - share}x60",
        f'hearth_batch_seconds_bucket{{{ONE}, le="10"}}': "0+100x60",
        f'hearth_batch_seconds_bucket{{{ONE}, le="+Inf"}}': "0+100x60",
        f"hearth_lanes_owned{{{ONE}}}": "24x60",
    }


def _requests(failing: int) -> Series:
    return {
        f'hearth_http_requests_total{{{ONE}, status="2xx"}}': f"0+{100 - failing}x60",
        f'hearth_http_requests_total{{{ONE}, status="5xx"}}': f"0+{failing}x60",
    }


def _connections(busy: int) -> Series:
    return {
        f'hearth_database_connections{{{ONE}, state="busy"}}': f"{busy}x60",
        f'hearth_database_connections{{{ONE}, state="idle"}}': f"{16 - busy}x60",
        f"hearth_database_connections_max{{{ONE}}}": "16x60",
    }


def _reports(given_up: str) -> Series:
    return {
        f'hearth_reporting_reports_total{{{ONE}, by="day", state="failed"}}': "2x60",
        f'hearth_reporting_deliveries_total{{{ONE}, outcome="given_up"}}': given_up,
    }


_GAP = ', topic="chat.events"'
_REMOVALS = 'hearth_moderation_removals_total{job="hearth", service="moderation", kind="link"}'

CASES = (
    Case("HearthServiceMissing", OF_SERVICE, _up("rewards"), _up()),
    Case("HearthNotReady", OF_PROCESS, *_gauge("hearth_ready", "0x60", "1x60")),
    Case("HearthBehind", OF_SERVICE, *_gauge("hearth_lag_seconds", "90x60", "40x60", ', lane="3"')),
    Case("HearthFarBehind", OF_SERVICE, *_gauge("hearth_lag_seconds", "1000x60", "700x60", ', lane="3"')),
    Case("HearthLaneStopped", OF_SERVICE, *_gauge("hearth_lanes_stopped", "1x60", "0x60")),
    Case("HearthLanesWithoutOwner", OF_SERVICE,
         *_gauge("hearth_lanes_owned", f"{PARTITIONS - 1}x60", f"{PARTITIONS}x60")),
    Case("HearthDeadLetters", OF_SERVICE,
         *_gauge("hearth_dead_letters_total", "0x15 1x60", "1x60", ', reason="not_json"')),
    Case("HearthLogGap", {**OF_SERVICE, "topic": "chat.events"},
         {f"hearth_log_gaps_total{{{ONE}{_GAP}}}": "0x15 3x60"},
         # a compacted topic has gaps by its nature
         {f'hearth_log_gaps_total{{{ONE}, topic="community.profiles"}}': "0x15 3x60"}),
    Case("HearthOutboxStuck", OF_SERVICE, *_gauge("hearth_outbox_age_seconds", "0+20x60", "20x60")),
    Case("HearthTimersLate", OF_SERVICE, *_gauge("hearth_timer_late_seconds", "400x60", "200x60")),
    Case("HearthBatchesSlow", OF_SERVICE, _slow(50), _slow(0)),
    Case("HearthRetrying", OF_SERVICE, *_gauge("hearth_batch_retries_total", "0+12x60", "0x15 3x60")),
    Case("HearthLanesFought", OF_SERVICE,
         *_gauge("hearth_lanes_fenced_total", f"0+{PARTITIONS}x60", f"0x15 {PARTITIONS}x60")),
    Case("HearthEventLoopBlocked", OF_PROCESS,
         *_gauge("hearth_event_loop_lag_seconds", "3x60", "1x60")),
    Case("HearthConnectionsUsedUp", OF_PROCESS, _connections(15), _connections(8)),
    Case("HearthRequestsFail", OF_SERVICE, _requests(10), _requests(1)),
    Case("HearthRestarts", OF_PROCESS, *_gauge("process_start_time_seconds", "0+60x60", "100x15 1000x60")),
    # 1 500 minutes of quiet, then a wave; and a wave in the first hours of all
    Case("HearthRemovalsSurge", {},
         {_REMOVALS: "0+1x1500 1500+60x60"}, {_REMOVALS: "0+1x1500 1500+2x60"}, 1530),
    Case("HearthRemovalsSurge", {},
         {_REMOVALS: "0+1x1500 1500+60x60"}, {_REMOVALS: "_x1380 0+1x60 60+60x80"}, 1530),
    Case("HearthAppealsOverdue", {},
         *_gauge("hearth_moderation_appeals_total", "0x15 1x60", "1x60", ', what="overdue"')),
    Case("HearthPolicyRefused", {}, *_gauge("hearth_moderation_policies_refused_total", "0x15 1x60", "1x60")),
    Case("HearthGiftsUndelivered", {},
         *_gauge("hearth_rewards_fulfilment_failures_total", "0x15 1x60", "1x60", ', then="dead"')),
    Case("HearthMonthDelayed", {}, *_gauge("hearth_rewards_closes_delayed_total", "0x15 1x60", "1x60")),
    Case("HearthReportsFail", {}, _reports("0x15 1x60"), _reports("1x60")),
    Case("HearthConnectorMissing", OF_CONNECTOR,
         _of_connector("up", "1x10 0x60"), _of_connector("up", "1x60")),
    Case("HearthConnectorMissing", OF_CONNECTOR,
         _of_connector("up", "1x10 _x60"), _of_connector("up", "_x5 1x60")),
    Case("HearthConnectorConflict", OF_CONNECTOR,
         _of_connector("hearth_connectors_conflicts", "1x60"),
         _of_connector("hearth_connectors_conflicts", "0x60")),
    # what brokers took grows with every heartbeat
    Case("HearthConnectorSilent", OF_CONNECTOR,
         _of_connector("hearth_connectors_events_published_total", "0+6x5 30x60"),
         _of_connector("hearth_connectors_events_published_total", "0+6x60")),
    Case("HearthConnectorCommandsWait", OF_CONNECTOR,
         _of_connector("hearth_connectors_commands_waiting", "150x60"),
         _of_connector("hearth_connectors_commands_waiting", "150x12 40x60")),
    Case("HearthConnectorCommandsBehind", OF_CONNECTOR,
         _of_connector("hearth_connectors_commands_lag_records", "2000x60"),
         _of_connector("hearth_connectors_commands_lag_records", "500x60")),
    Case("HearthConnectorCommandsLost", OF_CONNECTOR,
         _of_connector("hearth_connectors_receipts_total", "0x15 1x60", 'outcome="expired"'),
         _of_connector("hearth_connectors_receipts_total", "0+9x60", 'outcome="executed"')),
    Case("HearthConnectorPlatformFails", OF_CONNECTOR,
         _of_connector("hearth_connectors_platform_errors_total", "0+6x60", 'kind="unreachable"'),
         _of_connector("hearth_connectors_platform_errors_total", "0+6x60", 'kind="busy"')),
    Case("HearthConnectorEventsRefused", {**OF_CONNECTOR, "reason": "clock"},
         _of_connector("hearth_connectors_events_refused_total", "0+2x60", 'reason="clock"'),
         _of_connector("hearth_connectors_events_refused_total", "0x15 2x60", 'reason="clock"')),
)  # fmt: skip
