"""HOTSPOTS against values worked out by hand and against DBSCAN written down plainly (C-158, C-159)."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.errors import BindError
from streamsql.functions import registry
from streamsql.functions.table import hotspots, partitions
from streamsql.kernels.hotspots import HotspotWindows
from streamsql.types import BIGINT, DOUBLE, REAL, ROWTIME, SMALLINT, Column, decimal, varchar

LINE = (ROWTIME, Column("x", DOUBLE))
PLANE = (ROWTIME, Column("K", varchar(8)), Column("x", DOUBLE), Column("n", BIGINT))
NOTHING = '{"hotspots":[]}'


def hotspot(density: float, low: list[float], high: list[float]) -> dict:
    return {"density": density, "minValues": low, "maxValues": high}


# ---------------------------------------------------------------- the plain twin


def clusters(points: list[tuple[float, ...]], radius: float, minimum: int) -> list[list[int]]:
    """DBSCAN as in the paper: clusters in the order of their first core points, a border point to the first."""
    near = [
        [
            j
            for j, b in enumerate(points)
            if sum((x - y) * (x - y) for x, y in zip(a, b, strict=True)) <= radius * radius
        ]
        for a in points
    ]
    owner: dict[int, int] = {}
    found: list[list[int]] = []
    for seed in range(len(points)):
        if seed in owner or len(near[seed]) < minimum:
            continue
        members, waiting = [seed], [seed]
        owner[seed] = len(found)
        while waiting:
            core = waiting.pop()
            if len(near[core]) < minimum:
                continue
            for other in near[core]:
                if other not in owner:
                    owner[other] = len(found)
                    members.append(other)
                    waiting.append(other)
        found.append(members)
    return found


def expected(points: list[tuple[float, ...]], size: int, radius: float, minimum: int) -> list[dict]:
    if len(points) < size:
        return []
    window = points[-size:]
    found = []
    for members in clusters(window, radius, minimum):
        if len(members) < minimum:
            continue
        columns = list(zip(*(window[i] for i in members), strict=True))
        low, high = [min(column) for column in columns], [max(column) for column in columns]
        volume = 1.0
        for a, b in zip(low, high, strict=True):
            volume *= b - a if b > a else radius
        found.append(hotspot(len(members) / volume, low, high))
    return sorted(found, key=lambda item: -item["density"])


def texts_of(points: list[tuple[float, ...]], size: int, radius: float, minimum: int) -> list[str]:
    return HotspotWindows(len(points[0]), size, radius, minimum).process(np.array(points)).to_pylist()


# ---------------------------------------------------------------- by hand


def test_a_line_by_hand(runner, rows_of) -> None:
    """C-158. Radius 1, minimum 3: 0, 0.5 and 1 are core points, 2 is at the border, 5.5 and the far ones are alone:
    4 points on a length of 2."""
    values = [1000.0 * i for i in range(1, 96)] + [0.0, 0.5, 1.0, 2.0, 5.5, 7.0]
    run = runner("HOTSPOTS", LINE, (100, 1.0, 3))
    found = run.run(rows_of(LINE, [(i, value) for i, value in enumerate(values)]))
    assert found.schema.names == ["ROWTIME", "x", "HOTSPOTS_RESULT"]
    texts = found["HOTSPOTS_RESULT"].to_pylist()
    assert texts[:99] == [NOTHING] * 99
    assert texts[99] == '{"hotspots":[{"density":2.0,"minValues":[0.0],"maxValues":[2.0]}]}'
    assert texts[100] == texts[99]


def test_a_column_of_equal_values_counts_as_the_radius() -> None:
    """3 points in a box of 0.5 × 0 with radius 0.25 … 0.5: 3 / (0.5 · 0.5) = 12."""
    points = [(0.0, 3.0), (0.0, 3.0), (0.5, 3.0)]
    assert json.loads(texts_of(points, 3, 0.5, 3)[2]) == {"hotspots": [hotspot(12.0, [0.0, 3.0], [0.5, 3.0])]}


LEFT, BORDER, RIGHT = [0.0, 0.3, 0.6, 1.0], [2.0], [3.0, 3.4, 3.7, 4.0]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        # 2.0 has 3 points within 1, so it is no core point; both groups reach it, and the older one has it.
        (LEFT + BORDER + RIGHT, [hotspot(4.0, [3.0], [4.0]), hotspot(2.5, [0.0], [2.0])]),
        (RIGHT + BORDER + LEFT, [hotspot(4.0, [0.0], [1.0]), hotspot(2.5, [2.0], [4.0])]),
        # 3.0 is a core point only with 2.0, which the left has: 3 points are left of it, below the minimum of 4.
        ([*LEFT, 2.0, 3.0, 3.9, 4.0], [hotspot(2.5, [0.0], [2.0])]),
    ],
)
def test_a_point_that_two_hotspots_reach_belongs_to_the_older(line: list[float], found: list[dict]) -> None:
    texts = texts_of([(x,) for x in line], len(line), 1.0, 4)
    assert json.loads(texts[-1]) == {"hotspots": found}


def test_the_window_slides() -> None:
    """Size 4, minimum 3: a group forms, and falls apart when its oldest point leaves."""
    texts = texts_of([(0.0,), (0.5,), (1.0,), (50.0,), (60.0,)], 4, 1.0, 3)
    full = '{"hotspots":[{"density":3.0,"minValues":[0.0],"maxValues":[1.0]}]}'
    assert texts == [NOTHING, NOTHING, NOTHING, full, NOTHING]


def test_numbers_are_the_shortest_that_read_back() -> None:
    points = [(0.1, 1e-7, 1e22, -0.0), (0.1 + 0.2, 1e-7, 1e22, 0.0)]
    text = texts_of(points, 2, 1e23, 2)[1]
    assert '"minValues":[0.1,1.0E-7,1.0E22,0.0],"maxValues":[0.30000000000000004,1.0E-7,1.0E22,0.0]' in text


def test_a_box_too_small_for_a_volume_still_gives_json() -> None:
    texts = texts_of([(1e-200, 1e-200), (0.0, 0.0)], 2, 1e-100, 2)
    assert json.loads(texts[1])["hotspots"][0]["density"] == np.finfo(float).max


def test_distances_beyond_the_numbers_are_far() -> None:
    assert texts_of([(1e308,), (-1e308,)], 2, 1e150, 2)[1] == NOTHING


def test_the_list_ends_where_a_varchar_does() -> None:
    """80 pairs in 30 columns are more than 65535 characters; the text is cut between hotspots."""
    rng = np.random.default_rng(3)
    points = np.repeat(np.arange(80.0)[:, None] * 100, 30, axis=1).repeat(2, axis=0) + rng.random((160, 30))
    text = HotspotWindows(30, 160, 8.0, 2).process(points)[159].as_py()
    assert 65535 - 1500 < len(text) <= 65535
    listed = json.loads(text)["hotspots"]
    everything = expected([tuple(point) for point in points.tolist()], 160, 8.0, 2)
    assert len(everything) == 80
    assert listed == everything[: len(listed)]


# ---------------------------------------------------------------- against the twin

COORDINATE = st.integers(0, 8).map(lambda n: n * 0.25)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), dimensions=st.integers(1, 3), size=st.integers(2, 9), minimum=st.integers(2, 4))
def test_equals_the_twin(data, dimensions: int, size: int, minimum: int) -> None:
    points = data.draw(st.lists(st.tuples(*[COORDINATE] * dimensions), min_size=1, max_size=30))
    radius = data.draw(st.sampled_from([0.25, 0.5, 0.6, 1.0]))
    texts = texts_of(points, size, radius, minimum)
    for i, text in enumerate(texts):
        assert json.loads(text) == {"hotspots": expected(points[: i + 1], size, radius, minimum)}


@pytest.mark.parametrize(("size", "dimensions", "radius"), [(100, 1, 0.1), (130, 2, 1.0), (150, 5, 2.0)])
def test_equals_the_twin_in_windows_of_several_words(size: int, dimensions: int, radius: float) -> None:
    rng = np.random.default_rng(size)
    centres = rng.normal(size=(4, dimensions)) * 6
    points = [
        tuple(p)
        for p in (centres[rng.integers(0, 4, 2 * size)] + rng.normal(size=(2 * size, dimensions))).tolist()
    ]
    texts = texts_of(points, size, radius, 6)
    checked = range(size - 2, 2 * size, 19)
    for i in checked:
        assert json.loads(texts[i]) == {"hotspots": expected(points[: i + 1], size, radius, 6)}
    assert any(json.loads(texts[i])["hotspots"] for i in checked)


# ---------------------------------------------------------------- columns, nulls, keys


def test_every_number_column_counts_and_the_others_pass(runner, rows_of) -> None:
    schema = (ROWTIME, Column("a", SMALLINT), Column("t", varchar(3)), Column("b", REAL))
    run = runner("HOTSPOTS", schema, (2, 5.0, 2))
    found = run.run(rows_of(schema, [(0, 1, "u", 0.5), (0, 3, "v", 2.5)]))
    assert found["t"].to_pylist() == ["u", "v"]
    assert json.loads(found["HOTSPOTS_RESULT"][1].as_py()) == {"hotspots": [hotspot(0.5, [1.0, 0.5], [3.0, 2.5])]}


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
def test_a_row_without_a_number_passes_and_is_not_learned(runner, rows_of, bad: float | None) -> None:
    run = runner("HOTSPOTS", LINE, (2, 1.0, 2))
    found = run.run(rows_of(LINE, [(0, 1.0), (1, bad), (2, 2.0)]))
    full = '{"hotspots":[{"density":2.0,"minValues":[1.0],"maxValues":[2.0]}]}'
    assert found["HOTSPOTS_RESULT"].to_pylist() == [NOTHING, None, full]


def test_each_key_has_its_own_window_and_is_no_coordinate(runner, rows_of) -> None:
    rows = [(0, "a", 1.0, 0), (1, "b", 5.0, 0), (2, "b", 5.5, 0), (3, "a", 1.5, 0), (4, "a", 9.0, 0)]
    found = runner("HOTSPOTS", PLANE, (2, 1.0, 2), (1,)).run(rows_of(PLANE, rows))
    boxes = [[h["minValues"] for h in json.loads(t)["hotspots"]] for t in found["HOTSPOTS_RESULT"].to_pylist()]
    assert boxes == [[], [], [[5.0, 0.0]], [[1.0, 0.0]], []]
    numbers = [(0, "a", 1.0, 7), (1, "a", 5.0, 8), (2, "a", 1.5, 7)]
    found = runner("HOTSPOTS", PLANE, (2, 1.0, 2), (3,)).run(rows_of(PLANE, numbers))
    assert json.loads(found["HOTSPOTS_RESULT"][2].as_py())["hotspots"] == [hotspot(4.0, [1.0], [1.5])]


def test_keys_beyond_the_cap_are_rejected(runner, rows_of, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "MAX_PARTITIONS", 2)
    run = runner("HOTSPOTS", PLANE, (2, 1.0, 2), (1,))
    found = run.run(rows_of(PLANE, [(i, key, 1.0, 0) for i, key in enumerate("abcacb")]))
    assert found["K"].to_pylist() == ["a", "b", "a", "b"]
    ((_, failures),) = run.rejected
    assert {row: error.code for row, error in failures.rows.items()} == {2: "RUN-006", 4: "RUN-006"}


@settings(max_examples=40, deadline=None)
@given(data=st.data(), sizes=st.lists(st.integers(0, 7), max_size=8), restart=st.booleans(), keyed=st.booleans())
def test_cuts_and_restarts_do_not_show(
    runner, rows_of, data, sizes: list[int], restart: bool, keyed: bool
) -> None:
    row = st.tuples(st.sampled_from(["a", "b", None]), st.one_of(st.none(), COORDINATE), st.integers(0, 2))
    rows = [(i, *values) for i, values in enumerate(data.draw(st.lists(row, min_size=1, max_size=40)))]
    run = runner("HOTSPOTS", PLANE, (5, 1.0, 2), (1,) if keyed else ())
    batch = rows_of(PLANE, rows)
    assert run.run(batch, sizes, restart=restart) == run.run(batch)


def test_a_restart_with_a_full_window_that_has_turned() -> None:
    points = np.random.default_rng(1).normal(size=(777, 2))
    whole = HotspotWindows(2, 200, 0.3, 4)
    first = HotspotWindows(2, 200, 0.3, 4)
    texts = whole.process(points).to_pylist()
    first.process(points[:450])
    second = HotspotWindows(2, 200, 0.3, 4)
    second.load(first.save())
    assert second.process(points[450:]).to_pylist() == texts[450:]


def test_a_damaged_state_is_refused() -> None:
    windows = HotspotWindows(2, 100, 1.0, 4)
    windows.process(np.zeros((10, 2)))
    state = windows.save()
    for wrong in (state[:-1], state + b"\0", b""):
        with pytest.raises(RuntimeError, match="saved"):
            windows.load(wrong)
    with pytest.raises(RuntimeError, match="do not fit"):
        HotspotWindows(3, 100, 1.0, 4).load(state)


def test_large_batches_come_out_in_pieces(runner, rows_of) -> None:
    batch = rows_of(LINE, [(i, float(i)) for i in range(20_000)])
    operator = runner("HOTSPOTS", LINE, (100, 0.5, 2)).operator()
    assert [piece.num_rows for piece in operator.on_batch(0, batch)] == [16_384, 3_616]
    assert operator.on_batch(0, batch.slice(0, 0)) == []


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("schema", "arguments", "words"),
    [
        (LINE, (100, 1.0, 101), "at most windowSize, and 101 is more than 100"),  # C-159
        ((ROWTIME, Column("t", varchar(3))), (100, 1.0, 5), "1 to 30 numeric columns, the cursor has 0"),
        ((ROWTIME, *(Column(f"c{i}", DOUBLE) for i in range(31))), (100, 1.0, 5), "the cursor has 31"),
        (
            (ROWTIME, Column("d", decimal(5, 2))),
            (100, 1.0, 5),
            'HOTSPOTS does not take DECIMAL, the type of column "d"',
        ),
    ],
)
def test_refusals(schema, arguments, words: str) -> None:
    function = registry.table_function("HOTSPOTS")
    assert function is not None
    with pytest.raises(BindError, match=words) as raised:
        function.columns(schema, arguments, ())
    assert raised.value.code == "FUN-001"


def test_bound_and_other_name() -> None:
    function = registry.table_function("HOTSPOTS")
    assert function is not None
    assert function.bound(LINE, (100, 1.0, 2), False) == "the last 100 points"
    assert function.bound(LINE, (100, 1.0, 2), True) == "the last 100 points per key, at most 10000 keys"
    assert function.aliases(LINE, (100, 1.0, 2)) == {"HOTSPOT_RESULTS": hotspots.RESULT.name}
