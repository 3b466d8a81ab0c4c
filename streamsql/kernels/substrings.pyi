import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

def cut(
    offsets: Offsets,
    data: Bytes,
    start: npt.NDArray[np.int64],
    count: npt.NDArray[np.int64],
    bytes: bool,
) -> tuple[Offsets, Bytes, npt.NDArray[np.bool_]]: ...
def ends_in_blank(offsets: Offsets, data: Bytes) -> bool: ...
def position(part_offsets: Offsets, part_data: Bytes, offsets: Offsets, data: Bytes) -> npt.NDArray[np.int32]: ...
def contains(part: bytes, offsets: Offsets, data: Bytes) -> npt.NDArray[np.bool_]: ...
def capitals(
    low_offsets: Offsets, low_data: Bytes, high_offsets: Offsets, high_data: Bytes
) -> tuple[Offsets, Bytes]: ...
