"""What EXPLAIN prints: the plans of the forms that the language page describes."""

import pytest

from streamsql import types
from streamsql.plan import bind, explain
from streamsql.sql import parse
from streamsql.types import Column

INPUTS = {"S": (Column("A", types.INTEGER), Column("K", types.varchar(8)), Column("price", types.DOUBLE))}
TABLES = {"COMPANY": (Column("K", types.varchar(8)), Column("NAME", types.varchar(32)))}

TREES = {
    "SELECT STREAM a + 1 AS x FROM S WHERE k LIKE 'A%'": """
Sink: DESTINATION_SQL_STREAM
└─ Project: X
   └─ Project: (A + 1)
      └─ Filter: LIKE(K, 'A%', NULL)
         └─ Source: S
""",
    "SELECT STREAM k, AVG(\"price\") FROM S GROUP BY k, STEP(S.ROWTIME BY INTERVAL '60' SECOND) HAVING COUNT(*) > 1": """
Sink: DESTINATION_SQL_STREAM
└─ Project: K, EXPR$1
   └─ Project: K, AVG
      └─ Filter: (COUNT > 1)
         └─ Aggregate: by K, tumbling STEP(ROWTIME BY 1 min): AVG("price"), COUNT(*)  [keeps the groups of one period]
            └─ Source: S
""",
    "SELECT STREAM COUNT(*) OVER w AS n FROM S WINDOW w AS (PARTITION BY k RANGE INTERVAL '1' HOUR PRECEDING)": """
Sink: DESTINATION_SQL_STREAM
└─ Project: N
   └─ Project: COUNT
      └─ Over: COUNT(*) OVER (PARTITION BY K last 1 h)  [keeps per key: last 1 h]
         └─ Source: S
""",
    "SELECT STREAM a, name FROM S LEFT JOIN company ON S.k = company.k AND a > 3": """
Sink: DESTINATION_SQL_STREAM
└─ Project: A, NAME
   └─ Project: A, NAME
      └─ Lookup: LEFT COMPANY on K = K AND (A > 3)  [keeps table COMPANY]
         └─ Source: S
""",
    "SELECT STREAM a FROM S ORDER BY FLOOR(S.ROWTIME TO SECOND), a DESC": """
Sink: DESTINATION_SQL_STREAM
└─ Project: A
   └─ Project: A
      └─ Sort: by FLOOR(ROWTIME TO SECOND), A DESC  [keeps the rows of one period]
         └─ Source: S
""",
    "SELECT STREAM k, COUNT(*) AS n FROM S WINDOWED BY STAGGER (PARTITION BY k RANGE INTERVAL '1' MINUTE)": """
Sink: DESTINATION_SQL_STREAM
└─ Project: K, N
   └─ Project: K, COUNT
      └─ Aggregate: by K, stagger 1 min: COUNT(*)  [keeps one open window per key, at most 1 min]
         └─ Source: S
""",
}  # fmt: skip


@pytest.mark.parametrize("sql", list(TREES))
def test_tree(sql: str) -> None:
    printed = explain(bind(parse(sql), INPUTS, tables=TABLES))
    start = printed.index("Sink:")
    assert printed[start:].split("\n\n")[0].strip() == TREES[sql].strip()


def test_header_names_streams_pumps_and_remarks() -> None:
    sql = (
        "CREATE STREAM D (\"lower\" DECIMAL(10,2) NOT NULL) DESCRIPTION 'the target';"
        "CREATE PUMP P STOPPED AS INSERT INTO D SELECT STREAM COUNT(DISTINCT a) FROM S GROUP BY FLOOR(ROWTIME TO DAY);"
    )
    lines = explain(bind(parse(sql), INPUTS)).splitlines()
    assert lines[0] == 'input stream S (A INTEGER, K VARCHAR(8), "price" DOUBLE)'
    assert lines[1] == 'stream D ("lower" DECIMAL(10,2) NOT NULL)  -- the target'  # C-063
    assert lines[3] == "pump P (stopped)"
    assert lines[-1] == "extension: COUNT(DISTINCT …) was not supported by the service [STR-009]"
