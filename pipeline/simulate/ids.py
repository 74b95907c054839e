"""Ids that look like each provider's, from a seeded source: the same seed gives the same ids."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Maker = Callable[[Random], str]


def prefixed(prefix: str, length: int) -> Maker:
    """Ids such as `item_` and `length` letters or digits."""

    def make(rng: Random) -> str:
        return prefix + b64encode(rng.randbytes(length), altchars=b"xy")[:length].decode()

    return make


def uuid4(rng: Random) -> str:
    """A random UUID in its usual spelling."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def hex32(rng: Random) -> str:
    """32 hexadecimal digits."""
    return f"{rng.getrandbits(128):032x}"


def numbered_call(rng: Random) -> str:
    """A call id built on a UUID with a running number behind it."""
    return f"call-{uuid4(rng)}-0"


@dataclass(frozen=True, slots=True)
class IdStyle:
    """How one provider spells its ids."""

    event: Maker
    item: Maker
    response: Maker
    call: Maker
    session: Maker
    conversation: Maker


OPENAI_IDS = IdStyle(
    event=prefixed("event_", 21),
    item=prefixed("item_", 21),
    response=prefixed("resp_", 21),
    call=prefixed("call_", 16),
    session=prefixed("sess_", 21),
    conversation=prefixed("conv_", 21),
)
UUID_IDS = IdStyle(event=uuid4, item=uuid4, response=uuid4, call=numbered_call, session=hex32, conversation=uuid4)
