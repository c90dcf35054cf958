"""Says on a terminal what is going on, and how long it has taken."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STEPS = 4
_WIDTH = 24


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that names the step that begins; draws a bar only on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    bar = _Bar()
    thread = threading.Thread(target=bar.run, daemon=True)
    thread.start()
    try:
        yield bar.begin
    finally:
        bar.done.set()
        thread.join()


class _Bar:
    """One line that is drawn anew five times a second."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.step, self.words = 0, ""
        self.started = time.perf_counter()

    def begin(self, words: str) -> None:
        """Go on to the next step."""
        self.step, self.words = min(self.step + 1, STEPS), words

    def run(self) -> None:
        """Draw until everything is done, then wipe the line."""
        while not self.done.wait(0.2):
            full = "█" * (_WIDTH * self.step // STEPS)
            seconds = time.perf_counter() - self.started
            line = f"\r[{full:<{_WIDTH}}] {seconds:5.1f} s  {self.words}\x1b[K"
            sys.stderr.write(line)
            sys.stderr.flush()
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
