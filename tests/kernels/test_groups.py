"""Dense key codes against a Python dict."""

import random
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from streamsql.kernels.groups import GroupTable

COLUMNS = {
    "text": pa.array(["a", "", None, "a", "ab", "\0", None, "a" * 40, "a" * 40, "a" * 39 + "b"]),
    "bytes": pa.array(
        [b"\xff\xfe", b"\xff\xfe\xff null", None, b"\xff\xfe\xfe", b"\xff\xfe\xfe\xff\xfe\xff null"]
    ),
    "numbers": pa.array([1, 0, None, 1, -1, 2**62], pa.int64()),
    "small": pa.array([1, 0, None, 1, -1], pa.int8()),
    "doubles": pa.array([0.0, -0.0, None, 1.5, float("nan"), float("nan")]),
    "booleans": pa.array([True, False, None, True, False, None]),
    "decimals": pa.array([Decimal("1.10"), Decimal("-1.10"), None, Decimal("1.10")], pa.decimal128(5, 2)),
    "times": pa.array([1, None, 1, 3], pa.timestamp("ms")),
    "nothing": pa.nulls(3),
}


def plain(value):
    """Values that SQL calls equal as one dict key."""
    if isinstance(value, float):
        return "nan" if value != value else value + 0.0
    return value


def twin(columns, seen):
    codes, fresh = [], []
    for row, key in enumerate(zip(*(column.to_pylist() for column in columns), strict=True)):
        key = tuple(map(plain, key))
        if key not in seen:
            seen[key] = len(seen)
            fresh.append(row)
        codes.append(seen[key])
    return codes, fresh


@pytest.mark.parametrize("name", COLUMNS)
def test_one_column_of_each_type(name):
    column = COLUMNS[name]
    table, seen = GroupTable(), {}
    for part in (column, column.slice(1), column.slice(2, 1), column[::-1]):
        codes, fresh = table.encode([part], len(part))
        assert (codes.tolist(), fresh.tolist()) == twin([part], seen)
    assert len(table) == len(seen)


def test_values_of_several_columns_do_not_run_together():
    left, right = pa.array(["ab", "a", "", None, "ab"]), pa.array(["c", "bc", "abc", "abc", "c"])
    codes, _ = GroupTable().encode([left, right], 5)
    assert codes.tolist() == [0, 1, 2, 3, 0]


@pytest.mark.parametrize("seed", [1, 2])
def test_random_rows_in_random_batches_and_restarts(seed):
    chance = random.Random(seed)
    table, seen = GroupTable(), {}
    for _ in range(30):
        length = chance.randint(0, 300)
        text = pa.array([chance.choice("abcdefg") * chance.randint(0, 5) or None for _ in range(length)])
        number = pa.array([chance.choice([None, 1, 2, 3]) for _ in range(length)], pa.int32())
        codes, fresh = table.encode([text, number], length)
        assert (codes.tolist(), fresh.tolist()) == twin([text, number], seen)
        state, table = table.save(), GroupTable()
        table.load(state)


def test_many_keys_survive_growth():
    values = np.random.default_rng(0).integers(0, 50_000, 200_000)
    codes, fresh = GroupTable().encode([pa.array(values)], len(values))
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    assert (codes == order[inverse]).all()
    assert (fresh == np.sort(first)).all()


def test_keep_renumbers_and_forgets():
    table = GroupTable()
    table.encode([pa.array(["a", "b", "c", None])], 4)
    table.keep([3, 1])
    codes, fresh = table.encode([pa.array(["b", "a", None, "c"])], 4)
    assert codes.tolist() == [1, 2, 0, 3]
    assert fresh.tolist() == [1, 3]


def test_full_table_and_lookups_add_nothing():
    table = GroupTable(2)
    codes, fresh = table.encode([pa.array(["a", "b", "c", "a"])], 4)
    assert codes.tolist() == [0, 1, -1, 0]
    assert fresh.tolist() == [0, 1]
    table = GroupTable()
    table.encode([pa.array([1, 2])], 2)
    codes, fresh = table.encode([pa.array([2, 3])], 2, add=False)
    assert (codes.tolist(), fresh.tolist(), len(table)) == ([1, -1], [], 2)


def test_damaged_state_is_refused():
    table = GroupTable()
    table.encode([pa.array(["a", "bc"])], 2)
    state = table.save()
    for damaged in (state[:-1], state + b"x", b"", b"\xff" * len(state)):
        with pytest.raises(RuntimeError):
            GroupTable().load(damaged)


def test_types_without_a_kernel_are_refused():
    with pytest.raises(ValueError, match="no kernel"):
        GroupTable().encode([pa.array([{"a": 1}])], 1)


@pytest.mark.parametrize("other", [pa.int32(), pa.int64(), pa.string()])
def test_two_short_values_at_once(other):
    """Texts of 0 to 10 bytes beside numbers and texts, of letters so few that they share prefixes and zero bytes."""
    chance = random.Random(str(other))
    texts = ["".join(chance.choices("a\0", k=chance.randrange(11))) for _ in range(3000)]
    numbers = [chance.choice([0, 1, -1, 2**31 - 1, 97]) for _ in range(3000)]
    beside = list(map(str, numbers)) if other == pa.string() else numbers
    columns = [pa.array(beside, other), pa.array(texts)]
    for pair in (columns, columns[::-1]):
        table, seen = GroupTable(), {}
        for piece in ([column.slice(at, 700) for column in pair] for at in range(0, 3000, 700)):
            assert table.encode(piece, len(piece[0]))[0].tolist() == twin(piece, seen)[0]
        assert len(table) == len(seen)
