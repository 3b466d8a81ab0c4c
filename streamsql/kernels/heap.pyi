def keep() -> None:
    """Have the process keep blocks of up to 32 MiB for the next use, in place of giving them back to the system at
    once: every batch takes blocks of the same sizes, and fresh pages cost more than what is done with them. For a
    program of its own, not for a library inside another. Does nothing where the C library is not GNU's."""
