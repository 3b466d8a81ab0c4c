import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Keys = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]

def last_before(left_times: Times, left_keys: Keys, right_times: Times, right_keys: Keys, keys: int) -> Numbers:
    """For each row of the left the number of the last row of the right that has its key and is not after it, -1:
    there is none. Both sides are in the order of time; keys are numbers below `keys`, -1 is equal to none."""

def still_needed(times: Times, row_keys: Keys, time: int, keys: int) -> Numbers:
    """The numbers of the rows of the right, in the order of time, that a row of the left at `time` or later can
    meet: of those not after `time` the last of each key, and those after it."""
