"""News that a lower slice has for those above it, delivered in the same transaction.

All handlers are connected in one list, `web/wiring.py: connect()`. A signal that nobody
handles is an error: something above would silently miss the news.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

News = TypeVar("News")


@dataclass
class Signal(Generic[News]):
    """One kind of news."""

    name: str
    handlers: list[Callable[[News], None]] = field(default_factory=list)

    def connect(self, handler: Callable[[News], None]) -> None:
        """Add a handler; adding it again changes nothing."""
        if handler not in self.handlers:
            self.handlers.append(handler)

    def send(self, news: News) -> None:
        """Call the handlers in the order in which they were connected.

        Raises:
            RuntimeError: nobody is connected.
        """
        if not self.handlers:
            raise RuntimeError(f"nobody handles the signal {self.name!r}: see web/wiring.py")
        for handler in self.handlers:
            handler(news)
