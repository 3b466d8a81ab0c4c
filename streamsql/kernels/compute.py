"""Arrow's compute functions by name: the call of `pyarrow.compute`, without importing that module.

`pyarrow.compute` wraps every function of Arrow, with its documentation, when it is imported: a fifth of the start
of the command line, for the few functions that a query uses. Here a function is wrapped when it is first asked
for, and a call goes straight to it. Names and arguments are those of `pyarrow.compute` (`and_` and `or_` for the
words of Python; options by position or by name); expressions of datasets are not taken.

The methods `filter`, `take`, `cast`, `is_null`, `is_valid`, `fill_null` and `unique` of arrays import
`pyarrow.compute`, so on the way of a row the functions here are called instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_RENAMED = {"and_": "and", "or_": "or"}


def __getattr__(name: str) -> Callable[..., Any]:
    """The function `name`, kept for the next time. Raises AttributeError if Arrow has none."""
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        function = _functions().get_function(_RENAMED.get(name, name))
    except KeyError:
        raise AttributeError(f"Arrow has no function {name!r}") from None
    globals()[name] = made = _caller(function)
    return made


@cache
def _functions() -> Any:
    """Where pyarrow has them. Imported here: that takes 5 ms, and a filter that is a program needs none of it."""
    from pyarrow import _compute

    return _compute


def _caller(function: Any) -> Callable[..., Any]:
    call, arity = function.call, function.arity
    options_class = getattr(_functions(), function._doc.options_class or "", None)
    if options_class is None:
        return lambda *arguments: call(arguments)
    if arity is Ellipsis:
        return lambda *arguments, **options: call(arguments, options_class(**options) if options else None)

    def with_options(*arguments: Any, **options: Any) -> Any:
        if options or len(arguments) > arity:
            return call(arguments[:arity], options_class(*arguments[arity:], **options))
        return call(arguments)

    return with_options


def from_numpy(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Numbers, truths or times as an Arrow array of the type that NumPy's stands for, null where `mask` is true.

    Numbers and times are not copied. `pa.array` gives the same, and imports numpy.ma when it is first given an
    array, which takes longer than a hundred thousand rows.
    """
    values = np.ascontiguousarray(values)
    bits = np.packbits(values, bitorder="little") if values.dtype == np.bool_ else values
    valid = None if mask is None else pa.py_buffer(np.packbits(~mask, bitorder="little"))
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [valid, pa.py_buffer(bits.view(np.uint8))]
    )


def cast(values: Any, target: pa.DataType, safe: bool = True) -> Any:
    """`values` as another type. Raises ArrowInvalid for a value that does not fit, unless `safe` is False."""
    compute = _functions()
    options = compute.CastOptions.safe(target) if safe else compute.CastOptions.unsafe(target)
    return compute.call_function("cast", [values], options)


def fill_null(values: Any, replacement: Any) -> Any:
    """`values` with `replacement`, a Python value or a scalar of the same type, for its nulls."""
    if not isinstance(replacement, (pa.Scalar, pa.Array)):
        replacement = pa.scalar(replacement, values.type)
    return _functions().call_function("coalesce", [values, replacement])
