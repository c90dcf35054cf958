"""Waiting for something that happens elsewhere: in another process, thread or database."""

import time
from collections.abc import Callable

PAUSE_S = 0.01


def until(
    condition: Callable[[], object],
    *,
    seconds: float = 20,
    why: Callable[[], object] = lambda: "it did not happen in time",
) -> None:
    """Come back as soon as a condition holds; fail when it does not in time.

    Args:
        condition: asked again and again.
        seconds: how long it may take.
        why: what is said with the failure, such as the output of a process.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(PAUSE_S)
