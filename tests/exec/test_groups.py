"""Keys that come again in the next period, and keys that never do."""

import numpy as np
import pyarrow as pa

from streamsql.exec.windows.groups import SPARE, Groups


def test_a_key_is_shown_as_it_stands_in_its_period() -> None:
    """0.0 and -0.0 are one key; what was seen in an earlier period does not matter."""
    groups = Groups([pa.float64()])
    rows = pa.array([0.0, -0.0, -0.0, 0.0, 1.0])
    found, edges = groups.assign([rows], 5, [0, 2])
    assert found.tolist() == [0, 0, 1, 1, 2] and edges.tolist() == [0, 1]
    assert [str(value) for value in groups.values(3)[0].to_pylist()] == ["0.0", "-0.0", "1.0"]
    groups.forget(1)
    assert [str(value) for value in groups.values(2)[0].to_pylist()] == ["-0.0", "1.0"]


def test_keys_that_never_come_again_are_forgotten() -> None:
    groups = Groups([pa.int64()])
    for period in range(20):
        keys = pa.array(range(period * SPARE, (period + 1) * SPARE))
        _, edges = groups.assign([keys], SPARE, [0])
        groups.forget(int(edges[0]))
        assert len(groups) == SPARE and groups.values(SPARE)[0].equals(keys)
        assert len(groups._table) <= 3 * SPARE


def test_state_goes_on_where_it_was() -> None:
    groups, other = Groups([pa.string()]), Groups([pa.string()])
    groups.assign([pa.array(["a", "b", "c", "b"])], 4, [0, 2])
    groups.forget(2)
    other.restore(groups.snapshot())
    for each in (groups, other):
        found, edges = each.assign([pa.array(["b", "a", "c", "a"])], 4, [3])
        assert found.tolist() == [1, 2, 0, 3] and edges.tolist() == [3]
        assert each.values(4)[0].to_pylist() == ["c", "b", "a", "a"]


def test_without_keys_a_period_is_one_group() -> None:
    groups, other = Groups([]), Groups([])
    groups.assign([], 3, [0, 2])
    groups.forget(1)
    other.restore(groups.snapshot())
    for each in (groups, other):
        assert each.assign([], 3, [1])[0].tolist() == [0, 1, 1]
        each.end()
        assert np.array_equal(each.assign([], 1, [])[0], [2])
