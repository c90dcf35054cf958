"""What was computed for one state of the data, kept until the data changes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from gridmap.core import city
from gridmap.core.database import name_of, sight_of

Found = TypeVar("Found")
MOST = 64

_kept: OrderedDict[Hashable, Any] = OrderedDict()
_lock = threading.Lock()


def kept(
    session: Session, registers: Sequence[str], name: Hashable, make: Callable[[], Found]
) -> Found:
    """Return what `make` returns, made once for each state of some registers and each sight.

    Args:
        session: the transaction; tells which database is meant.
        registers: what the answer depends on (`core.city.versions`).
        name: tells answers apart.
        make: called when nothing is kept; nothing may change what it returns.
    """
    key = (name_of(session), sight_of(session), city.state(session, *registers), name)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            found: Found = _kept[key]
            return found
    found = make()
    with _lock:
        _kept[key] = found
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found
