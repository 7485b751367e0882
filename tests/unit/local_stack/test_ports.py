"""Ports of the local stack."""

from deploy.local.ports import SPARE_PORTS, choose_port


def test_two_services_that_start_at_once_never_get_the_same_port() -> None:
    """Nobody listens yet on any of them, so nothing but memory tells them apart."""
    chosen = [choose_port() for _ in range(400)]
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(SPARE_PORTS)
