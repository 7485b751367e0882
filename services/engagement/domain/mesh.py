"""Who holds a community together: cut members and concentration of the graph of replies and mentions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SPREAD_ROUNDS = 10
SUGGESTIONS_MAX = 5
PART_MIN = 3
Edge = tuple[str, str, int]
"""Two members, and on how many days they talked."""


@dataclass(slots=True)
class Mesh:
    """An undirected graph by number: memory is two integers an edge and end."""

    names: list[str] = field(default_factory=list)
    neighbours: list[list[int]] = field(default_factory=list)
    degrees: list[int] = field(default_factory=list)
    """Days talked, over all neighbours."""

    @classmethod
    def of(cls, edges: Iterable[Edge]) -> "Mesh":
        """From edges in any order; each pair once."""
        mesh, numbers = cls(), dict[str, int]()
        for a, b, days in sorted(edges):
            ends = []
            for name in (a, b):
                if name not in numbers:
                    numbers[name] = len(mesh.names)
                    mesh.names.append(name)
                    mesh.neighbours.append([])
                    mesh.degrees.append(0)
                ends.append(numbers[name])
            mesh.neighbours[ends[0]].append(ends[1])
            mesh.neighbours[ends[1]].append(ends[0])
            mesh.degrees[ends[0]] += days
            mesh.degrees[ends[1]] += days
        return mesh

    def cut_members(self) -> list[str]:
        """Members without whom a part falls off: articulation points (Hopcroft & Tarjan 1973), sorted."""
        count = len(self.names)
        order, low, parent = [0] * count, [0] * count, [-1] * count
        cuts: set[int] = set()
        clock = 0
        for root in range(count):
            if order[root]:
                continue
            clock += 1
            order[root] = low[root] = clock
            branches = 0
            stack = [(root, iter(self.neighbours[root]))]
            while stack:
                node, rest = stack[-1]
                following = next(rest, None)
                if following is None:
                    stack.pop()
                    above = parent[node]
                    if above >= 0:
                        low[above] = min(low[above], low[node])
                        if above != root and low[node] >= order[above]:
                            cuts.add(above)
                elif not order[following]:
                    clock += 1
                    order[following] = low[following] = clock
                    parent[following] = node
                    branches += node == root
                    stack.append((following, iter(self.neighbours[following])))
                elif following != parent[node]:
                    low[node] = min(low[node], order[following])
            if branches > 1:
                cuts.add(root)
        return sorted(self.names[node] for node in cuts)

    def concentration(self) -> float:
        """Gini coefficient of the days talked: 0 when all talk alike, near 1 when few carry all."""
        ranked = sorted(self.degrees)
        total, count = sum(ranked), len(ranked)
        if not total:
            return 0.0
        weighted = sum(place * degree for place, degree in enumerate(ranked, 1))
        return (2 * weighted) / (count * total) - (count + 1) / count

    def parts(self) -> list[list[int]]:
        """Groups that talk mostly among themselves: label propagation (Raghavan et al. 2007), biggest first.

        In a fixed order and with ties to the smallest label, so that the same graph gives the same parts.
        """
        labels = list(range(len(self.names)))
        for _ in range(SPREAD_ROUNDS):
            changed = False
            for node, around in enumerate(self.neighbours):
                votes = Counter(labels[other] for other in around)
                most = max(votes.values())
                wanted = min(label for label, count in votes.items() if count == most)
                if votes[labels[node]] < most and wanted != labels[node]:
                    labels[node] = wanted
                    changed = True
            if not changed:
                break
        groups: dict[int, list[int]] = {}
        for node, label in enumerate(labels):
            groups.setdefault(label, []).append(node)
        return sorted(groups.values(), key=lambda group: (-len(group), group[0]))

    def introductions(self, parts: Sequence[Sequence[int]]) -> list[tuple[str, str]]:
        """Pairs to introduce: the member who talks most in each of two large parts that never talk."""
        large = [part for part in parts if len(part) >= PART_MIN][: 2 * SUGGESTIONS_MAX]
        part_of = {node: number for number, part in enumerate(large) for node in part}
        talk = {
            (part_of[node], part_of[other])
            for node in part_of
            for other in self.neighbours[node]
            if other in part_of
        }
        leaders = [max(part, key=lambda node: (self.degrees[node], self.names[node])) for part in large]
        return [
            (self.names[leaders[a]], self.names[leaders[b]])
            for a in range(len(large))
            for b in range(a + 1, len(large))
            if (a, b) not in talk
        ][:SUGGESTIONS_MAX]
