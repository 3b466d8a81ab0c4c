"""`python -m streamsql` is the command line."""

import sys

from streamsql.cli.main import command

sys.exit(command())
