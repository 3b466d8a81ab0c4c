"""Table functions, one file each; importing this package registers them all."""

from streamsql.functions.table import random_cut_forest

__all__ = ["random_cut_forest"]
