"""HTML built from elements: whatever is not an element itself is escaped, so nothing can slip through."""

from html import escape


class Html(str):
    """Text that is markup already; only `element` and constants of this package make it."""

    __slots__ = ()


def element(name: str, *children: str | int, **attributes: str | int | float) -> Html:
    """`<name attribute="…">children</name>`; in attribute names `_` stands for `-`, a last one is dropped."""
    told = "".join(
        f' {attribute.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for attribute, value in attributes.items()
    )
    return Html(f"<{name}{told}>{joined(*children)}</{name}>")


def joined(*children: str | int) -> Html:
    """Several in a row, escaped where they are not markup."""
    return Html("".join(each if isinstance(each, Html) else escape(str(each)) for each in children))
