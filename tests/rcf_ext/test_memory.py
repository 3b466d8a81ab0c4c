"""Running out of memory is a MemoryError, and the forest is as if the call had not been made."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import resource
import numpy as np
from rcf_ext import RandomCutForest

records = np.random.default_rng(0).normal(size=(600, {dimensions}))
forest = RandomCutForest({dimensions}, 1000, 500, 100_000, {shingle}, seed=1)
forest.update(records[:450])
before = forest.to_bytes()

def limit(extra):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + extra, resource.RLIM_INFINITY))

limit(8 << 20)
for explain in (False, True):
    try:
        forest.process(records[450:], explain=explain)
    except MemoryError:
        pass
    else:
        raise SystemExit("no MemoryError")
    if forest.records_seen != 450:
        raise SystemExit("records were learned")
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
if forest.to_bytes() != before:
    raise SystemExit("the state has changed")
again = RandomCutForest.from_bytes(before)
if not np.array_equal(forest.process(records[450:]), again.process(records[450:])):
    raise SystemExit("the scores have changed")
print("usable")
"""


@pytest.mark.skipif(
    sys.platform != "linux" or "asan" in os.environ.get("LD_PRELOAD", ""),
    reason="needs a limit on the address space, which AddressSanitizer does not live with",
)
@pytest.mark.parametrize(("dimensions", "shingle"), [(1, 1), (20, 1)])
def test_a_forest_survives_it(dimensions: int, shingle: int) -> None:
    script = SCRIPT.format(dimensions=dimensions, shingle=shingle)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.stdout == "usable\n", done.stdout + done.stderr
