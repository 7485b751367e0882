"""Signatures are those of Standard Webhooks, and nothing else opens the door."""

import time

import pytest

from connectors.webhook.signature import (
    BadSignature,
    Seen,
    decode_secret,
    headers_for,
    sign,
    verify,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = decode_secret(SECRET)
OTHER = b"x" * 32
BODY = b'{"test": 2432232314}'


def test_the_example_of_the_reference_libraries() -> None:
    signature = sign(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_either_of_two_secrets_opens() -> None:
    now = time.time()
    for key in (KEY, OTHER):
        assert verify((OTHER, KEY), headers_for([key], "m1", int(now), BODY), BODY, now) == "m1"
    assert verify((KEY,), headers_for([OTHER, KEY], "m1", int(now), BODY), BODY, now) == "m1"


@pytest.mark.parametrize("hours", [-5, -0.1, 0.1, 5])
def test_a_clock_that_is_wrong_is_told_apart_from_a_wrong_secret(hours: float) -> None:
    now = time.time()
    headers = headers_for([KEY], "m1", int(now + hours * 3600), BODY)
    with pytest.raises(BadSignature, match="signature-stale"):
        verify((KEY,), headers, BODY, now)


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"webhook-id": "m2"}, "signature-wrong"),
        ({"webhook-timestamp": "1"}, "signature-wrong"),
        ({"webhook-signature": "v1,AAAA"}, "signature-wrong"),
        ({"webhook-signature": "v1a,é"}, "signature-wrong"),
        ({"webhook-signature": ""}, "signature-missing"),
        ({"webhook-timestamp": "1e9"}, "signature-missing"),
        ({"webhook-timestamp": "９"}, "signature-missing"),
        ({"webhook-id": "m" * 129}, "signature-missing"),
    ],
)
def test_what_was_altered_is_refused(change: dict[str, str], slug: str) -> None:
    now = time.time()
    headers = headers_for([KEY], "m1", int(now), BODY) | change
    with pytest.raises(BadSignature, match=slug):
        verify((KEY,), headers, BODY, now)
    with pytest.raises(BadSignature, match="signature-wrong"):
        verify((KEY,), headers_for([KEY], "m1", int(now), BODY), BODY + b" ", now)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA", "whsec_ü"]
)
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        decode_secret(secret)


def test_a_request_is_remembered_as_long_as_it_could_come_again() -> None:
    now = [0.0]
    seen = Seen(lambda: now[0])
    assert [seen.first("fox", "1"), seen.first("fox", "1"), seen.first("owl", "1")] == [True, False, True]
    seen.undo("fox", "1")
    assert seen.first("fox", "1")
    now[0] = 601
    assert seen.first("fox", "1")
