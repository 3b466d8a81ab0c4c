import numpy as np
import numpy.typing as npt

def format(
    values: npt.NDArray[np.int64], steps: npt.NDArray[np.int32], literals: bytes
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]: ...
def parse(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    steps: npt.NDArray[np.int32],
    literals: bytes,
    now: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8] | None]: ...
