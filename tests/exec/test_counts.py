"""The counts of operators and pumps (docs/counts.md), batch after batch."""

import pytest

ROW = 64 + 8 + 8  # what a row of ROWTIME and an INTEGER takes (docs/memory.md)
SQL = """
CREATE STREAM O (a INTEGER, r INTEGER);
CREATE PUMP p AS INSERT INTO O SELECT STREAM a, "rank" FROM TABLE(
GROUP_RANK(CURSOR(SELECT STREAM a FROM S), 'A', 'rank', 'asc', '', 0, 0));
"""
BATCHES = [
    [(1, 7), (1, 8), (1, 9), (1, 5), (1, 4)],
    [(1, 6)],
    [(2, 5)],
    [(3, 4), (3, 3)],
    [(3, 2), (3, 1), (3, 0), (4, 9)],
]


@pytest.mark.parametrize("restart", [False, True])
def test_a_table_function_takes_what_was_not_refused(runner, restart: bool) -> None:  # type: ignore[no-untyped-def]
    """A row goes in while less than the limit is kept, so four of each ROWTIME. After each batch: what has come, what
    was refused, and what is taken until then; the ranks come out when their ROWTIME is over."""
    app = runner(SQL, {"S": "a INTEGER"}, options={"max_memory": 3 * ROW + 16})
    graph = app.graph()
    counts = []
    for rows in BATCHES:
        app.send(graph, "S", rows)
        found = graph.counters()["pumps"]["P"]
        counts.append([found[name] for name in ("rows_in", "in_error", "gathered", "results", "rows_out")])
        assert not graph.missing()
        if restart:
            state, graph = graph.snapshot(), app.graph()
            graph.restore(state)
    assert counts == [[5, 1, 4, 0, 0], [6, 2, 4, 0, 0], [7, 2, 5, 4, 4], [9, 2, 7, 5, 5], [13, 3, 10, 9, 9]]
