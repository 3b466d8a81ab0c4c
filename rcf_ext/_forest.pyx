"""Python's door to the forest: checks arguments, converts arrays, releases the GIL. The work is in the headers."""

cimport cython
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libcpp.memory cimport unique_ptr
from libcpp.string cimport string
from numpy cimport (
    NPY_BOOL, NPY_DOUBLE, PyArray_CheckExact, PyArray_DATA, PyArray_DIM, PyArray_EMPTY, PyArray_ISCARRAY_RO,
    PyArray_NDIM, PyArray_TYPE, import_array, ndarray, npy_intp,
)

import numpy as np

from rcf_ext import state
from rcf_ext.explanation import Explanation

import_array()


cdef extern from "_forest.h" namespace "rcf" nogil:
    cdef struct Parameters:
        int columns, trees, sample_size
        int64_t time_decay
        int shingle
        uint64_t seed

    cdef struct Results:
        double* score
        double* attribution
        double* strength
        uint8_t* high

    cdef cppclass Forest:
        void run(const double* records, size_t count, bint learn, int threads, Results results) except +
        size_t bytes()
        string save() except +
        void load(const char* data, size_t size) except +
        int64_t records_seen

    unique_ptr[Forest] make_forest(const Parameters& parameters) except +

    cdef struct Path:
        const char* name

    const Path* available_path(int at)
    const Path* active_path


cdef extern from "_memory.h" namespace "rcf" nogil:
    void fail_allocation_after(int64_t count)


def fail_allocation(after):
    """Let the forests' next allocation but `after` fail, or none if negative: for tests."""
    fail_allocation_after(after)


def paths():
    """Names of the ways to compute that this CPU has, slowest first; forests use the last one."""
    names, at = [], 0
    while available_path(at) != NULL:
        names.append(available_path(at).name.decode())
        at += 1
    return names


def use_path(name):
    """Make all forests compute in this way: for tests, since all ways give the same scores."""
    global active_path
    active_path = available_path(paths().index(name))


cdef _checked(name, value, low, high):
    if type(value) is not int:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
        value = value.__index__()
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}, not {value}")
    return value


cdef class RandomCutForest:
    cdef unique_ptr[Forest] forest
    cdef Parameters parameters

    def __init__(self, dimensions, number_of_trees=100, sub_sample_size=256, time_decay=100_000, shingle_size=1,
                 seed=0):
        cdef Parameters p
        p.shingle = _checked("shingle_size", shingle_size, 1, 30)
        p.columns = _checked("dimensions", dimensions, 1, 1000 // p.shingle)
        p.trees = _checked("number_of_trees", number_of_trees, 1, 1000)
        p.sample_size = _checked("sub_sample_size", sub_sample_size, 10, 1000)
        p.time_decay = _checked("time_decay", time_decay, 1, 2147483647)
        if p.sample_size >= p.time_decay:
            raise ValueError(
                f"sub_sample_size must be less than time_decay, but {p.sample_size} is not less than {p.time_decay}"
            )
        p.seed = _checked("seed", seed, 0, 2**64 - 1)
        self.parameters = p
        self.forest = make_forest(p)

    @property
    def dimensions(self):
        return self.parameters.columns

    @property
    def number_of_trees(self):
        return self.parameters.trees

    @property
    def sub_sample_size(self):
        return self.parameters.sample_size

    @property
    def time_decay(self):
        return self.parameters.time_decay

    @property
    def shingle_size(self):
        return self.parameters.shingle

    @property
    def seed(self):
        return self.parameters.seed

    @property
    def records_seen(self):
        return self.forest.get().records_seen

    @property
    def memory_bytes(self):
        return self.forest.get().bytes()

    def process(self, points, explain=False, threads=1):
        return self._run(points, True, True, explain, threads)

    def score(self, points, explain=False, threads=1):
        return self._run(points, False, True, explain, threads)

    def update(self, points, threads=1):
        self._run(points, True, False, False, threads)

    def to_bytes(self):
        cdef string payload
        with nogil:
            payload = self.forest.get().save()
        return state.wrap(self._arguments(), payload)

    @classmethod
    def from_bytes(cls, data):
        arguments, payload = state.unwrap(data)
        try:
            forest = cls(*arguments)
            (<RandomCutForest>forest)._load(payload)
        except (ValueError, RuntimeError) as fault:
            raise state.StateError(f"the state does not hold a forest: {fault}") from None
        return forest

    def _arguments(self):
        return (self.dimensions, self.number_of_trees, self.sub_sample_size, self.time_decay, self.shingle_size,
                self.seed)

    cdef _load(self, bytes payload):
        self.forest.get().load(payload, len(payload))

    cdef _run(self, points, bint learn, bint scored, bint explain, threads):
        cdef ndarray records = self._matrix(points), scores = None, attribution, strength, high
        cdef npy_intp[2] shape = [PyArray_DIM(records, 0), self.parameters.columns]
        cdef const double* data = <const double*>PyArray_DATA(records)
        cdef size_t count = shape[0]
        cdef int workers = _checked("threads", threads, 1, 256)
        cdef Results results = Results(NULL, NULL, NULL, NULL)
        if scored:
            scores = PyArray_EMPTY(1, shape, NPY_DOUBLE, 0)
            results.score = <double*>PyArray_DATA(scores)
        if explain:
            attribution, strength = PyArray_EMPTY(2, shape, NPY_DOUBLE, 0), PyArray_EMPTY(2, shape, NPY_DOUBLE, 0)
            high = PyArray_EMPTY(2, shape, NPY_BOOL, 0)
            results.attribution, results.strength = <double*>PyArray_DATA(attribution), <double*>PyArray_DATA(strength)
            results.high = <uint8_t*>PyArray_DATA(high)
        if count:
            with nogil:
                self.forest.get().run(data, count, learn, workers, results)
        return Explanation(scores, attribution, high, strength) if explain else scores

    cdef ndarray _matrix(self, points):
        """Contiguous numbers whose first axis is the records; nothing is done to an array that is so already."""
        cdef int columns = self.parameters.columns
        cdef ndarray matrix
        if PyArray_CheckExact(points) and PyArray_TYPE(points) == NPY_DOUBLE and PyArray_ISCARRAY_RO(points):
            matrix = points
        else:
            matrix = np.ascontiguousarray(points, dtype=np.float64)
        cdef int axes = PyArray_NDIM(matrix)
        if axes == 2 and PyArray_DIM(matrix, 1) == columns or axes == 1 and columns == 1:
            return matrix
        raise ValueError(f"points must have the shape (n, {columns}), not {(<object>matrix).shape}")
