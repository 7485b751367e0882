"""The board for those who look after communities: how lively, how clean, how rewarding, over all of them."""

from deploy.monitoring.panels import JOB, Board, Limits, Panel, Query, Row, query

_FACTS = "hearth_reporting_facts_total"
_HOUR = "1h"


def _rise(metric: str, by: str, only: str = "") -> str:
    """What a counter of a service rose by in an hour."""
    labels = ", ".join(filter(None, (JOB, only)))
    return f"sum by ({by}) (increase(hearth_{metric}_total{{{labels}}}[{_HOUR}]))"


def _facts(*types: str) -> str:
    """Facts of these types in an hour; reporting reads every topic, so it counts them all."""
    return f'sum by (type) (increase({_FACTS}{{{JOB}, type=~"{"|".join(types)}"}}[{_HOUR}]))'


_LIFE = Row(
    "Life",
    "活跃",
    (
        Panel(
            "Members about today",
            "今日活跃成员",
            "Members who wrote today, by their community's time zone.",
            query(f"max(hearth_reporting_members_active{{{JOB}}})", "members"),
            "short",
            None,
            "stat",
            6,
        ),
        Panel(
            "Communities about today",
            "今日活跃社区",
            "Communities with an event today.",
            query(f"max(hearth_reporting_communities_active{{{JOB}}})", "communities"),
            "short",
            None,
            "stat",
            6,
        ),
        Panel(
            "Communities",
            "社区总数",
            "Communities that are known: live ones, and histories being read.",
            query(f"max by (clock) (hearth_reporting_communities{{{JOB}}})", "{{clock}}"),
            "short",
            None,
            "stat",
            6,
        ),
        Panel(
            "Messages, last hour",
            "近一小时消息",
            "Messages posted.",
            query(f"sum({_facts('message.posted')})", "messages"),
            "short",
            None,
            "stat",
            6,
        ),
        Panel(
            "Messages and reactions",
            "消息与回应",
            "In an hour.",
            query(_facts("message.posted", "reaction.added"), "{{type}}"),
            "short",
        ),
        Panel(
            "Come and gone",
            "进出成员",
            "Members who joined and left, in an hour.",
            query(_facts("member.joined", "member.left"), "{{type}}"),
            "short",
        ),
        Panel(
            "Warm-ups and seeded topics",
            "暖场与话题",
            "What engagement did when it was quiet, in an hour.",
            query(_facts("warmup.sent", "warmup.held_out", "warmup.measured", "topic.seeded"), "{{type}}"),
            "short",
        ),
        Panel(
            "What Hearth said by itself",
            "主动发言",
            "Posts sent in an hour, by what they are for.",
            query(_rise("engagement_posts", "kind", 'state="sent"'), "{{kind}}"),
            "short",
        ),
        Panel(
            "Posts left unsaid",
            "未发送",
            "Posts skipped in an hour, by why; many for `budget` or `cannot_send` are worth a look.",
            query(_rise("engagement_posts", "reason", 'state="skipped"'), "{{reason}}"),
            "short",
            Limits(20, 200),
        ),
        Panel(
            "Newcomers",
            "新成员",
            "Greeted, introduced, and introductions that nobody answered in time, in an hour.",
            query(_rise("engagement_newcomers", "what"), "{{what}}"),
            "short",
        ),
        Panel(
            "Questions",
            "提问",
            "Asked, answered by members or from approved answers, passed on, told, in an hour.",
            query(_rise("engagement_questions", "what"), "{{what}}"),
            "short",
        ),
    ),
)
_PEACE = Row(
    "Peace",
    "秩序",
    (
        Panel(
            "Removed messages",
            "移除消息",
            "Messages taken away in an hour, by kind of rule.",
            query(
                f"sum by (kind) (increase(hearth_moderation_removals_total{{{JOB}}}[{_HOUR}]))", "{{kind}}"
            ),
            "short",
            Limits(100, 1_000),
        ),
        Panel(
            "Share of messages removed",
            "移除占比",
            "Messages taken away by messages posted, in an hour.",
            query(
                f"sum(increase(hearth_moderation_removals_total{{{JOB}}}[{_HOUR}]))"
                f" / clamp_min(sum({_facts('message.posted')}), 1)",
                "share",
            ),
            "percentunit",
            Limits(0.05, 0.2),
        ),
        Panel(
            "Sanctions",
            "处罚",
            "Steps of the ladder in an hour.",
            query(
                f"sum by (step) (increase(hearth_moderation_sanctions_total{{{JOB}}}[{_HOUR}]))", "{{step}}"
            ),
            "short",
            Limits(20, 200),
        ),
        Panel(
            "Cases",
            "待审案件",
            "Cases opened in an hour, by kind.",
            query(
                f"sum by (kind) (increase(hearth_moderation_cases_opened_total{{{JOB}}}[{_HOUR}]))",
                "{{kind}}",
            ),
            "short",
            Limits(50, 500),
        ),
        Panel(
            "Verdicts overturned",
            "改判占比",
            "Share of verdicts in a day that took back what was decided.",
            query(
                f'sum(increase(hearth_moderation_verdicts_total{{{JOB}, verdict="overturned"}}[1d]))'
                f" / clamp_min(sum(increase(hearth_moderation_verdicts_total{{{JOB}}}[1d])), 1)",
                "share",
            ),
            "percentunit",
            Limits(0.1, 0.3),
        ),
        Panel(
            "Appeals",
            "申诉",
            "Appeals in a day, by what became of them.",
            query(f"sum by (what) (increase(hearth_moderation_appeals_total{{{JOB}}}[1d]))", "{{what}}"),
            "short",
            Limits(20, 100),
        ),
    ),
)
_REWARD = Row(
    "Reward",
    "激励",
    (
        Panel(
            "Check-ins",
            "打卡",
            "Check-ins recorded and taken back, in an hour.",
            query(
                f"sum by (change) (increase(hearth_engagement_checkins_total{{{JOB}}}[{_HOUR}]))",
                "{{change}}",
            ),
            "short",
        ),
        Panel(
            "Points",
            "积分",
            "Points given and taken back, in an hour.",
            (
                Query(f"sum(increase(hearth_rewards_points_awarded_total{{{JOB}}}[{_HOUR}]))", "given"),
                Query(f"sum(increase(hearth_rewards_points_reversed_total{{{JOB}}}[{_HOUR}]))", "taken back"),
            ),
            "short",
        ),
        Panel(
            "Gifts and redemptions",
            "礼物与兑换",
            "In a day.",
            query(
                f'sum by (type) (increase({_FACTS}{{{JOB}, type=~"gift.*|redemption.*|month.closed"}}[1d]))',
                "{{type}}",
            ),
            "short",
        ),
        Panel(
            "Redemptions",
            "积分兑换",
            "By what became of them, in an hour.",
            query(_rise("rewards_redemptions", "state"), "{{state}}"),
            "short",
        ),
        Panel(
            "Levels",
            "等级变化",
            "Members who rose and fell, in an hour.",
            query(_rise("rewards_levels_changed", "way"), "{{way}}"),
            "short",
        ),
        Panel(
            "Points under review",
            "刷分审查",
            "Reviews opened and decided, in an hour.",
            query(_rise("rewards_reviews", "state"), "{{state}}"),
            "short",
            Limits(10, 100),
        ),
        Panel(
            "Reports",
            "报告",
            "Reports sent, empty and failed, in an hour.",
            query(_rise("reporting_reports", "state"), "{{state}}"),
            "short",
        ),
    ),
)

COMMUNITIES = Board(
    "communities",
    "Hearth: communities",
    "社区",
    "How the communities fare, all together; one community's numbers are in its reports.",
    (_LIFE, _PEACE, _REWARD),
)
