"""The decorators of all compiled kernels.

Kernels are loops over flat arrays. They are compiled without fast math, so golden values hold, release the GIL, and are cached on disk.
Hashes and their constants stay `uint64`: mixing one with an `int64` turns the result into a float or a negative number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def kernel(function: _Function) -> _Function:
    """Compiles a loop over arrays with Numba in nopython mode."""
    return njit(cache=True, nogil=True)(function)  # type: ignore[no-any-return]


def inlined(function: _Function) -> _Function:
    """A small kernel that others call inside a loop: it becomes part of the caller.

    Best for scalars: a call that hands on an array may count references to it, in atomic steps that cost more than a few bytes' work. A loop that runs
    once per byte or word therefore reads its arrays itself.
    """
    return njit(cache=True, nogil=True, forceinline=True)(function)  # type: ignore[no-any-return]
