"""How fast, how big: one module per question, each with its CASES. `python -m benchmarks --list` shows them."""
