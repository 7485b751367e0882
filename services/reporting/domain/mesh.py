"""Who holds the mesh of answers together: members without whom a part of it falls off."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

Pair = tuple[str, str]
"""Who answered, and whom."""
Graph = Mapping[str, Set[str]]


class Tie(NamedTuple):
    """A member in the mesh."""

    neighbours: int
    """With how many people there were answers, in either direction."""
    cut_off: int
    """How many people reach the largest part of their mesh by this member alone."""


def ties(pairs: Iterable[Pair]) -> dict[str, Tie]:
    """Of everybody who answered or was answered by somebody else."""
    graph: dict[str, set[str]] = {}
    for one, other in pairs:
        graph.setdefault(one, set()).add(other)
        graph.setdefault(other, set()).add(one)
    found: dict[str, Tie] = {}
    for root in graph:
        if root not in found:
            found.update((name, Tie(len(graph[name]), count)) for name, count in _cut_off(graph, root))
    return found


def _cut_off(graph: Graph, root: str) -> Iterator[tuple[str, int]]:
    """For each member of the root's component; from articulation points (Hopcroft & Tarjan 1973)."""
    order, low, above, walked = _walk(graph, root)
    size = dict.fromkeys(walked, 1)
    parts: dict[str, list[int]] = {name: [] for name in walked}
    for name in walked[:-1]:
        parent = above[name]
        size[parent] += size[name]
        low[parent] = min(low[parent], low[name])
        if low[name] >= order[parent]:
            parts[parent].append(size[name])
    others = len(walked) - 1
    for name in walked:
        yield name, others - max([others - sum(parts[name]), *parts[name]])


def _walk(graph: Graph, root: str) -> tuple[dict[str, int], dict[str, int], dict[str, str], list[str]]:
    """Depth first, without recursion: order, lowest order next to each, parents; children before parents."""
    order, low, above, walked = {root: 0}, {root: 0}, {root: root}, list[str]()
    stack = [(root, iter(graph[root]))]
    while stack:
        name, rest = stack[-1]
        following = next(rest, None)
        if following is None:
            stack.pop()
            walked.append(name)
        elif following not in order:
            order[following] = low[following] = len(order)
            above[following] = name
            stack.append((following, iter(graph[following])))
        elif following != above[name]:
            low[name] = min(low[name], order[following])
    return order, low, above, walked
