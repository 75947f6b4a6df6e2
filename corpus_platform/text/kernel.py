"""The decorators of all compiled kernels.

Kernels are loops over flat arrays. They are compiled without fast math, so golden values hold, release the GIL, and are cached on disk.
Hashes and their constants stay `uint64`: mixing one with an `int64` turns the result into a float or a negative number.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def _leave_out_blas() -> None:
    """Spares a worker a fifth of a second: with its first kernel Numba loads SciPy, to see whether there is a BLAS. No kernel has linear algebra."""
    from numba.np import linalg  # noqa: PLC0415

    def ensure_blas() -> None:
        raise ImportError("workers do without linear algebra in kernels")

    linalg.ensure_blas = ensure_blas


if "CORPUS_WORKER" in os.environ:
    _leave_out_blas()


def kernel(function: _Function) -> _Function:
    """Compiles a loop over arrays with Numba in nopython mode."""
    return njit(cache=True, nogil=True)(function)  # type: ignore[no-any-return]


def part(function: _Function) -> _Function:
    """A part of kernels, for other compiled loops to call: it reads and writes arrays, but neither it nor what it calls makes one.

    It counts no references. A kernel counts one for each array that it is handed, in atomic steps: too dear for what is called once a word or byte.
    """
    return njit(cache=True, nogil=True, _nrt=False)(function)  # type: ignore[no-any-return]


def inlined(function: _Function) -> _Function:
    """A part so small that it always becomes a piece of its caller."""
    return njit(cache=True, nogil=True, _nrt=False, forceinline=True)(function)  # type: ignore[no-any-return]
