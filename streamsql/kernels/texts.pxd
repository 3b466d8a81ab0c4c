"""Python bytes as C++ strings. Cython's own conversion copies where nothing catches: without memory the process would end."""

from libcpp.string cimport string


cdef extern from *:
    """
    #include <string>
    static inline std::string text_of(PyObject* bytes) {
        return std::string(PyBytes_AS_STRING(bytes), static_cast<size_t>(PyBytes_GET_SIZE(bytes)));
    }
    """
    string text_of(bytes value) except +
