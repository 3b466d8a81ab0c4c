"""Table functions, one file each; importing this package registers them all."""

from streamsql.functions.table import count_distinct_items, group_rank, hotspots, random_cut_forest, top_k_items

__all__ = ["count_distinct_items", "group_rank", "hotspots", "random_cut_forest", "top_k_items"]
