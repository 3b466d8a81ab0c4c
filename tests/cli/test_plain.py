"""A command line that `plain` reads means what argparse, its twin, makes of it; what it does not read is argparse's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.cli import plain
from streamsql.cli.parser import parser

OPTIONS = sorted(
    word for word in parser()._subparsers._group_actions[0].choices["run"]._option_string_actions if word != "-h"
)
VALUES = [
    "app.sql",
    "-",
    "",
    "a=b",
    "json",
    "auto",
    "yes",
    "0",
    "3",
    "1.5",
    "10s",
    "4GB",
    "x y",
    "-1",
    "--",
    "-c",
    "--seed",
    "-x y",
]
GLUED = [f"{option}={value}" for option in OPTIONS for value in ("", "csv", "7", "a=b", "-1")]
WORDS = st.one_of(
    *map(st.sampled_from, (OPTIONS, VALUES, GLUED, ["--out", "--no", "-cSELECT", "--help", "-h", "--version"]))
)


@given(words=st.lists(WORDS, max_size=6))
def test_what_is_read_is_what_argparse_reads(words):
    found = plain.read(["run", *words])
    if found is not None:
        assert vars(found) == vars(parser(["run"]).parse_args(["run", *words]))


@pytest.mark.parametrize(
    "line",
    [
        "run",
        "run app.sql --quiet --input S=a.csv --input b.csv",
        "run --seed 7 app.sql --lateness 1.5 --checkpoint-interval 500ms --max-memory 4GB --limit=3",
        "run -c SELECT --output-format csv --output O=- --schema=N=x --no-flush --follow --batch-size 1",
        "run - --summary - --errors=e.json --csv-header no",
    ],
)
def test_usual_lines_are_read_without_argparse(line):
    words = line.split()
    assert vars(plain.read(words)) == vars(parser(words).parse_args(words))


@pytest.mark.parametrize(
    "line",
    [
        *(
            "",
            "check app.sql",
            "--version",
            "run --help",
            "run --versoin",
            "run --quie",
            "run a.sql b.sql",
            "run --",
        ),
        *(
            "run --seed",
            "run --seed -1",
            "run --seed x",
            "run --csv-header maybe",
            "run --quiet=yes",
            "run -cSELECT",
        ),
        *("run --input --quiet", "run --batch-size 0"),
    ],
)
def test_the_rest_is_for_argparse(line):
    assert plain.read(line.split()) is None
