import numpy as np
import numpy.typing as npt

def split(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    delimiter: npt.NDArray[np.uint8],
    escape: int,
    opening: int,
    closing: int,
    columns: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8], npt.NDArray[np.bool_]]: ...
