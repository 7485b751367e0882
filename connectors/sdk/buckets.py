"""Token buckets: how often a platform may be called, in all and in one channel."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

BUCKETS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls at once, then one more every `seconds / calls`."""

    calls: int
    seconds: float


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


@dataclass(slots=True)
class Buckets:
    """One bucket per key and rate; a full one is forgotten."""

    rates: tuple[Rate, ...]
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[tuple[str, int], _Bucket] = field(default_factory=dict)
    _closed_until: dict[str, float] = field(default_factory=dict)

    def wait_seconds(self, key: str) -> float:
        """0 when a call may be made now."""
        now = self.clock()
        waits = [self._closed_until.get(key, 0.0) - now]
        for number, rate in enumerate(self.rates):
            waits.append((1 - self._bucket(key, number, now).tokens) * rate.seconds / rate.calls)
        return max(0.0, *waits)

    def take(self, key: str) -> None:
        """Count one call."""
        now = self.clock()
        for number in range(len(self.rates)):
            self._bucket(key, number, now).tokens -= 1

    def close(self, key: str, seconds: float) -> None:
        """No call for so long: the platform said so."""
        self._closed_until[key] = max(self._closed_until.get(key, 0.0), self.clock() + seconds)

    def _bucket(self, key: str, number: int, now: float) -> _Bucket:
        rate = self.rates[number]
        bucket = self._buckets.get((key, number))
        if bucket is None:
            self._forget_full(now)
            bucket = self._buckets[key, number] = _Bucket(rate.calls, now)
        bucket.tokens = min(rate.calls, bucket.tokens + (now - bucket.filled_at) * rate.calls / rate.seconds)
        bucket.filled_at = now
        return bucket

    def _forget_full(self, now: float) -> None:
        if len(self._buckets) < BUCKETS_MAX:
            return
        longest = max(rate.seconds for rate in self.rates)
        self._buckets = {key: each for key, each in self._buckets.items() if each.filled_at > now - longest}
        self._closed_until = {key: until for key, until in self._closed_until.items() if until > now}
