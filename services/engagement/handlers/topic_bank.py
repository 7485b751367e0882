"""The topics of a community, and those that are shipped with Hearth, in its language."""

from collections.abc import Sequence

from services.engagement.domain.topic import Topic
from services.engagement.store import topics as store
from shared.engine import UnitOfWork
from shared.i18n import Catalogue

SHIPPED = "shipped"
TAGS: dict[str, tuple[str, ...]] = {
    "today": ("daily",), "weekend": ("plans",), "learned": ("learning",), "help": ("questions",),
    "picture": ("pictures",), "recommend": ("recommendations",), "small_win": ("daily", "wins"),
    "beginner": ("learning", "newcomers"), "choice": ("opinions",), "thanks": ("people",),
    "tool": ("recommendations", "learning"), "story": ("people", "stories"),
}  # fmt: skip
"""The shipped topics: keys `topic.<name>` of the catalogue, and their tags."""


async def bank_of(work: UnitOfWork, communities: Sequence[str]) -> dict[str, list[Topic]]:
    """By community what may be talked about; shipped topics are put in, with their yield, at first use.

    A community that has topics of its own is not given shipped ones.
    """
    bank: dict[str, list[Topic]] = {name: [] for name in communities}
    for topic in await store.load_topics(work.connection, communities):
        bank[topic.community_id].append(topic)
    fresh = [
        Topic(name, f"{SHIPPED}-{key}", "", tags, SHIPPED)
        for name, known in bank.items()
        if not known
        for key, tags in TAGS.items()
    ]
    if fresh:
        await store.add_topics(work.connection, fresh, SHIPPED)
        for topic in fresh:
            bank[topic.community_id].append(topic)
    for name, known in bank.items():
        own = [topic for topic in known if topic.source != SHIPPED and topic.state == "active"]
        bank[name] = own or known
    return bank


def text_of(topic: Topic, locale: str, texts: Catalogue) -> str:
    """What is said."""
    if topic.source == SHIPPED and not topic.text:
        return texts.say(locale, f"topic.{topic.topic_id.removeprefix(SHIPPED + '-')}")
    return topic.text
