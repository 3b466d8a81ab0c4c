"""What the C library has given out and not got back."""

import ctypes
import gc

_NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class _MallInfo(ctypes.Structure):
    """struct mallinfo2 of glibc."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _NAMES.split())


_library = ctypes.CDLL(None)
_library.mallinfo2.restype = _MallInfo


def in_use() -> int:
    """Bytes that are allocated."""
    gc.collect()
    info = _library.mallinfo2()
    return int(info.uordblks + info.hblkhd)
