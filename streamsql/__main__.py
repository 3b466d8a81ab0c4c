"""`python -m streamsql` is the command line."""

import sys

from streamsql.cli.main import main

sys.exit(main())
