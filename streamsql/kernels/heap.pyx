# distutils: language = c++
"""How the C library keeps memory that is given back."""

cdef extern from *:
    """
    #if defined(__GLIBC__)
    #include <malloc.h>
    static void keep_blocks(void) {
        mallopt(M_MMAP_THRESHOLD, 32 << 20);
        mallopt(M_TRIM_THRESHOLD, 64 << 20);
    }
    #else
    static void keep_blocks(void) {}
    #endif
    """
    void keep_blocks() nogil


def keep():
    keep_blocks()
