"""What rewards counts; counts include batches that were tried again."""

from shared.observability.metrics import counter

POINTS_AWARDED = counter(
    "hearth_rewards_points_awarded_total",
    "Points given to wallets, or to repay debts, by earning rule.",
    {
        "rule": (
            "message",
            "checkin",
            "thanks",
            "reaction",
            "introduction",
            "event",
            "idea",
            "referral",
            "red_packet",
            "lottery",
            "compensation",
            "adjustment",
        )
    },
)
POINTS_REVERSED = counter(
    "hearth_rewards_points_reversed_total",
    "Points taken back, by reason.",
    {"reason": ("message_removed", "message_deleted", "checkin_revoked", "taken_back", "invitee_left")},
)
POINTS_MOVED = counter(
    "hearth_rewards_points_moved_total",
    "Points set aside, spent, given back, held or expired, by kind of transaction.",
    {
        "kind": (
            "reserve", "confirm", "cancel", "fund", "defund", "promise", "return", "deduct", "hold",
                "release",
            "void", "expire", "leave", "arrive", "assume",
        )
    },
)  # fmt: skip
MESSAGES_UNPAID = counter(
    "hearth_rewards_messages_unpaid_total",
    "Messages that earn nothing, by why.",
    {"why": ("bot", "brief", "cap", "cooldown", "similar")},
)
ANSWERS = counter(
    "hearth_rewards_answers_total",
    "Questions of members that were answered in the chat.",
    {"wish": ("points", "ranking", "gifts", "redeem", "invite")},
)
LINKS = counter(
    "hearth_rewards_links_total",
    "Links between accounts of one person, made and undone, and codes that were wrong.",
    {"what": ("linked", "unlinked", "wrong_code")},
)
LEVELS_CHANGED = counter(
    "hearth_rewards_levels_changed_total", "Members who came to another level.", {"way": ("up", "down")}
)
REVIEWS = counter(
    "hearth_rewards_reviews_total",
    "Reviews of how points were earned, opened and decided.",
    {"state": ("held", "released", "voided")},
)
REDEMPTIONS = counter(
    "hearth_rewards_redemptions_total",
    "Redemptions by what became of them.",
    {"state": ("reserved", "confirmed", "cancelled", "expired")},
)
GIFTS_CHOSEN = counter(
    "hearth_rewards_gifts_chosen_total",
    "Gifts that winners of a month chose, or that were chosen for them.",
    {"by": ("member", "default", "operator")},
)
GIFTS_FULFILLED = counter(
    "hearth_rewards_gifts_fulfilled_total",
    "Gifts handed over.",
    {"source": ("award", "redemption")},
)
FULFILMENT_FAILURES = counter(
    "hearth_rewards_fulfilment_failures_total",
    "Attempts to hand a gift over by webhook that failed, by what follows.",
    {"then": ("retry", "dead")},
)
CLOSES_DELAYED = counter(
    "hearth_rewards_closes_delayed_total",
    "Times that a month's close was put off because something of it was set aside.",
)
DAYS_SEALED = counter("hearth_rewards_days_sealed_total", "Days of communities' books that were sealed.")
LATE_FACTS = counter(
    "hearth_rewards_late_facts_total",
    "Facts that came after their month was closed and changed nothing in it.",
)
MONTHS_CLOSED = counter("hearth_rewards_months_closed_total", "Calendar months closed.")
