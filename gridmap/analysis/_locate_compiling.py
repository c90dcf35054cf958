"""How the locator's loops are compiled: by numba, once per installation."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
"""Without numba's reference counts (`_nrt`; nothing is allocated here) a lookup takes half the
time: they are atomic, and both threads count on the same arrays."""

_Function = TypeVar("_Function", bound=Callable[..., object])


def inlined(function: _Function) -> _Function:
    """Compile a part of an entry point; the entry point's cached code contains it."""
    return cast(_Function, numba.njit(forceinline=True, **_OPTIONS)(function))


def entry(function: _Function) -> _Function:
    """Compile on the first call ever, without the interpreter lock, and keep the code on disk.

    numba looks for NUMBA_CACHE_DIR, then `__pycache__` beside this file, then the user's cache
    folder. Where none can be written, each process compiles for itself.
    """
    try:
        return cast(_Function, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:
        return inlined(function)
