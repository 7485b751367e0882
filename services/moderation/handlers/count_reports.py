"""Counts members' reports: calls operators, and holds what enough trusted members report until one looks."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.moderation import metrics
from services.moderation.domain.case_file import REPORT
from services.moderation.domain.docket import Docket, Found, Removal
from services.moderation.domain.message import Finding, Key, Recent
from services.moderation.domain.policy import Mode
from services.moderation.domain.reporting import REPORT_RULE, Reporter, Standing
from services.moderation.handlers.announce_decisions import Announcer
from services.moderation.handlers.answers import Speaker
from services.moderation.handlers.file_appeals import Heard
from services.moderation.handlers.open_cases import REVIEW_WEIGHT, Outcome
from services.moderation.store import reports as store
from services.moderation.store.cases import Case, CaseMessage, save_cases
from services.moderation.store.findings import Decided, save_findings, save_removals
from services.moderation.store.moments import microseconds_of
from services.moderation.store.reports import Report, Reported
from services.moderation.store.windows import load_gone, load_windows
from shared.contracts.identity import event_id
from shared.contracts.moderation import CaseOpened
from shared.engine import UnitOfWork
from shared.i18n import Catalogue
from shared.text import Fingerprint

OPERATOR = "operator"
PURPOSE = "moderation_report"


@dataclass(slots=True)
class _Tally:
    """What a batch's reports led to."""

    called: dict[Key, tuple[Case, Heard]] = field(default_factory=dict)
    held: dict[Key, tuple[str, int, Heard]] = field(default_factory=dict)
    """The case, how many trusted members, and the report that tipped the scale."""


async def count_reports(heard: Sequence[Heard], texts: Catalogue, work: UnitOfWork) -> None:
    """Save what is new, and act where a message has enough of it; a stale report counts and acts not."""
    connection = work.connection
    reports = [each for each in heard if _message(each) and not _is_own(each)]
    if not reports:
        return
    standings = await store.load_standings(connection, {_key(each) for each in reports})
    known = await store.load_reporters(connection, {_reporter(each) for each in reports})
    rows = {
        (*_key(each), each.event.data.member_id): Report(
            *_key(each),
            each.event.data.member_id,
            each.asked.said,
            each.event.occurred_at,
            _is_operators(each),
        )
        for each in reversed(reports)
    }
    new = await store.save_reports(connection, rows.values())
    metrics.REPORTS.labels("reported").inc(len(new))
    tally = _Tally()
    for each in reports:
        _count(each, standings, known[_reporter(each)], tally)
    await _call(tally, texts, work)
    await _hold(tally, texts, work)
    await store.save_reported(connection, _reported(tally))


def _message(heard: Heard) -> str | None:
    return heard.event.data.reply_to


def _is_own(heard: Heard) -> bool:
    return heard.event.data.reply_to_member == heard.event.data.member_id


def _is_operators(heard: Heard) -> bool:
    return OPERATOR in heard.event.data.member_roles


def _key(heard: Heard) -> Key:
    return heard.event.data.community_id, heard.event.data.reply_to or ""


def _reporter(heard: Heard) -> Key:
    return heard.event.data.community_id, heard.event.data.member_id


def _count(heard: Heard, standings: dict[Key, Standing], reporter: Reporter, tally: _Tally) -> None:
    key, event = _key(heard), heard.event
    reporter = reporter._replace(is_operator=_is_operators(heard))
    standing = standings.get(key, Standing()).reported_by(reporter)
    if not event.is_stale:
        if standing.calls_operators():
            case_id = event_id(event.now, REPORT, *key)
            standing = standing._replace(case_id=case_id)
            tally.called[key] = (_case(case_id, len(standing.reporters), heard), heard)
        if standing.case_id and standing.must_be_held(event.now):
            tally.held[key] = (standing.case_id, standing.trusted(event.now), heard)
            standing = standing._replace(is_held=True)
    standings[key] = standing


def _case(case_id: str, reporters: int, heard: Heard) -> Case:
    data = heard.event.data
    score = REVIEW_WEIGHT + 1 - 1 / reporters
    about = (data.community_id, REPORT, data.reply_to_member, REPORT, 1, score)
    return Case(case_id, *about, heard.event.now)


async def _call(tally: _Tally, texts: Catalogue, work: UnitOfWork) -> None:
    """Open the cases and tell operators. The text is not at hand: only rules read it as it passed."""
    messages = [
        CaseMessage(
            case.case_id, key[1], case.member_id, heard.event.data.channel_id, heard.event.occurred_at, ""
        )
        for key, (case, heard) in tally.called.items()
        if case.member_id
    ]
    await save_cases(work.connection, [case for case, _ in tally.called.values()], messages)
    for key, (case, heard) in tally.called.items():
        fact = CaseOpened(
            community_id=case.community_id,
            case_id=case.case_id,
            member_id=case.member_id,
            message_ids=(key[1],),
            rule=case.rule,
            score=case.score,
        )
        work.publish(fact, case.opened_at)
        metrics.CASES.labels(REPORT).inc()
        metrics.REPORTS.labels("alerted").inc()
        _alert("alert.reported", case.case_id, heard, texts, work)


async def _hold(tally: _Tally, texts: Catalogue, work: UnitOfWork) -> None:
    """Take the messages away, unless their author is unknown or an operator."""
    authors = {(key[0], heard.event.data.reply_to_member or "") for key, (_, _, heard) in tally.held.items()}
    windows = await load_windows(work.connection, sorted(authors)) if authors else {}
    exempt = {author for author, window in windows.items() if window.is_exempt}
    for key, (_, _, heard) in list(tally.held.items()):
        author = heard.event.data.reply_to_member
        if author is None or (key[0], author) in exempt:
            del tally.held[key]
    gone = await load_gone(work.connection, sorted(tally.held))
    for key, (case_id, trusted, heard) in tally.held.items():
        outcome = _outcome(case_id, key, trusted, heard, is_gone=key in gone)
        await save_findings(work.connection, [(each, heard.event.now) for each in outcome.found])
        saved = await save_removals(work.connection, outcome.removed)
        if saved:
            metrics.REPORTS.labels("held").inc()
            Announcer(texts, Docket({}), [heard.event], {}, work).announce([outcome], {})
            _alert("alert.reported_held", f"{case_id}:held", heard, texts, work)


def _outcome(case_id: str, key: Key, trusted: int, heard: Heard, *, is_gone: bool) -> Outcome:
    event, data = heard.event, heard.event.data
    assert data.reply_to_member is not None
    member = key[0], data.reply_to_member
    message = Recent(microseconds_of(event.occurred_at), key[1], data.channel_id, Fingerprint(0, ""))
    finding = Finding(REPORT, 1, 1.0, (), f"{trusted} trusted reporters")
    found = Found(*member, message, finding, REPORT_RULE, Mode.ENFORCE, 0)
    removal = Removal(*member, message, finding, REPORT_RULE, 0, is_gone)
    can = event.profile.can(data.channel_id, "delete")
    deletion = "gone" if is_gone else "asked" if can else "unable"
    return Outcome(0, member, [found], [Decided(removal, event.now, event.id, deletion)], case_id)


def _reported(tally: _Tally) -> list[Reported]:
    rows = {
        key: Reported(*key, case.case_id, heard.event.now, None)
        for key, (case, heard) in tally.called.items()
    }
    for key, (case_id, _, heard) in tally.held.items():
        now = heard.event.now
        rows[key] = Reported(*key, case_id, rows[key].alerted_at if key in rows else now, now)
    return list(rows.values())


def _alert(key: str, cause_id: str, heard: Heard, texts: Catalogue, work: UnitOfWork) -> None:
    event, data = heard.event, heard.event.data
    names = {channel.channel_id: channel.name for channel in event.profile.channels}
    speaker = Speaker(texts, event.profile, event.now, work)
    channel = names.get(data.channel_id) or data.channel_id
    member = data.reply_to_member or speaker.say("alert.unknown_member")
    speaker.to_operators(speaker.say(key, member=member, channel=channel), PURPOSE, cause_id)
