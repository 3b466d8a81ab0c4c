"""Table functions, one file each; `families.py` lists them."""
