import numpy as np
import numpy.typing as npt

def parse(
    offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8], date: bool, time: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8] | None]: ...
