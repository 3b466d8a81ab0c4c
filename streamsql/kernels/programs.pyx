# distutils: language = c++
# distutils: extra_compile_args = -fno-strict-aliasing -fvisibility=hidden
# (the memory of a value on the stack is read as what it holds)
"""Expressions, compiled to programs, over batches: filters and select lists (see programs.h).

Batches come and go by Arrow's C data interface, whole: an object per column would cost more than the rows of a small
batch.
"""

import pyarrow as pa

from libc.stdint cimport int32_t, int64_t, uintptr_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector

from streamsql.kernels.columns cimport ColumnView, Layout, layout_of
from streamsql.kernels.texts cimport text_of


cdef extern from "arrow_c.h" namespace "streamsql" nogil:
    cdef struct ArrowArray "ArrowArray":
        ArrowArray** children
        void (*release)(ArrowArray*)

    cdef cppclass Lent:
        ArrowArray array
        ColumnView column(size_t, Layout)

    void start_batch(int64_t, size_t, ArrowArray*) except +
    void move_column(ArrowArray*, ArrowArray*)


cdef extern from "program_rows.h" namespace "streamsql" nogil:
    cdef cppclass Program:
        void add(int, int64_t, double, const string&) except +

    cbool compute(const Program&, const vector[ColumnView]&, int64_t, Layout, ArrowArray*) except +
    int64_t choose(const Program&, const vector[ColumnView]&, int64_t, int32_t*) except +
    void gather_column(const ColumnView&, int64_t, const int32_t*, int64_t, ArrowArray*) except +


# The order of `enum class Op` in programs.h.
OPERATIONS = {
    name: number
    for number, name in enumerate(
        """column integer number truth text
        to_number fits negate_integer negate_number
        is_null is_true is_false negation
        add_integers subtract_integers multiply_integers divide_integers remainder
        add_numbers subtract_numbers multiply_numbers divide_numbers
        both either
        integers_equal integers_differ integers_less integers_at_most integers_greater integers_at_least
        numbers_equal numbers_differ numbers_less numbers_at_most numbers_greater numbers_at_least
        texts_equal texts_differ texts_less texts_at_most texts_greater texts_at_least""".split()
    )
}
cdef dict _OPERATIONS = OPERATIONS
cdef enum:
    GIVEN = -0x7fffffff


cdef object add_code(Program* program, code):
    for name, operand in code:
        if isinstance(operand, bytes):
            program.add(_OPERATIONS[name], 0, 0, text_of(operand))
        elif isinstance(operand, float):
            program.add(_OPERATIONS[name], 0, operand, text_of(b""))
        else:
            program.add(_OPERATIONS[name], operand, 0, text_of(b""))


cdef class _Rows:
    """Batches of one schema; the base of what is done with them."""
    cdef object schema
    cdef vector[Layout] layouts
    cdef readonly cbool has_nested

    def __init__(self, schema):
        self.schema = schema
        for type_ in schema.types:
            try:
                self.layouts.push_back(layout_of(type_.id))
            except ValueError:
                self.layouts.push_back(Layout.Null)
                self.has_nested = True

    cdef cbool lend(self, batch, Lent* lent, vector[ColumnView]* columns) except? False:
        """The columns of a batch; they are there as long as `lent`. False: it has another schema."""
        cdef size_t i
        if not batch.schema.equals(self.schema):
            return False
        batch._export_to_c(<uintptr_t>&lent.array)
        columns.reserve(self.layouts.size())
        for i in range(self.layouts.size()):
            columns.push_back(lent.column(i, self.layouts[i]))
        return True


cdef class Condition(_Rows):
    cdef Program program

    def __init__(self, schema, code):
        super().__init__(schema)
        if self.has_nested:
            raise TypeError("rows with nested columns cannot be chosen")
        add_code(&self.program, code)

    def rows(self, batch):
        cdef Lent lent, made
        cdef vector[ColumnView] columns
        cdef vector[int32_t] chosen
        cdef int64_t n = batch.num_rows, found
        cdef size_t i
        if not self.lend(batch, &lent, &columns):
            return None
        chosen.resize(n + 1)
        with nogil:
            found = choose(self.program, columns, n, chosen.data())
            if 0 <= found < n:
                start_batch(found, columns.size(), &made.array)
                for i in range(columns.size()):
                    gather_column(columns[i], n, chosen.data(), found, made.array.children[i])
        if found < 0:
            return None
        if found == n:
            return batch
        return pa.RecordBatch._import_from_c(<uintptr_t>&made.array, self.schema)


cdef class SelectList(_Rows):
    cdef vector[Program] programs
    cdef vector[int] places  # of each output: a column, GIVEN, or -1 - the number of its program
    cdef vector[Layout] results
    cdef object result

    def __init__(self, schema, outputs, result):
        super().__init__(schema)
        self.result = result
        for output, type_ in zip(outputs, result.types, strict=True):
            if output is None or isinstance(output, int):
                self.places.push_back(GIVEN if output is None else output)
                continue
            self.places.push_back(-1 - <int>self.programs.size())
            self.programs.resize(self.programs.size() + 1)
            self.results.push_back(layout_of(type_.id))
            add_code(&self.programs.back(), output)

    def rows(self, batch, given=()):
        cdef Lent lent, made
        cdef vector[ColumnView] columns
        cdef int64_t n = batch.num_rows
        cdef cbool known
        if not self.lend(batch, &lent, &columns):
            return None
        with nogil:
            start_batch(n, self.places.size(), &made.array)
            known = self.compute_all(columns, n, made.array.children)
        if not known:
            return None
        self.take_over(batch, iter(given), &lent, made.array.children)
        return pa.RecordBatch._import_from_c(<uintptr_t>&made.array, self.result)

    cdef cbool compute_all(self, const vector[ColumnView]& columns, int64_t n, ArrowArray** out) except? False nogil:
        cdef size_t i, program
        for i in range(self.places.size()):
            if self.places[i] < 0 and self.places[i] != GIVEN:
                program = <size_t>(-1 - self.places[i])
                if not compute(self.programs[program], columns, n, self.results[program], out[i]):
                    return False
        return True

    cdef object take_over(self, batch, given, Lent* lent, ArrowArray** out):
        """The outputs that are columns, of the batch or given; one that is wanted again is lent again."""
        cdef ArrowArray* column
        cdef size_t i
        for i in range(self.places.size()):
            if self.places[i] == GIVEN:
                next(given)._export_to_c(<uintptr_t>out[i])
            elif self.places[i] >= 0:
                column = lent.array.children[self.places[i]]
                if column.release != NULL:
                    move_column(column, out[i])
                else:
                    batch.column(self.places[i])._export_to_c(<uintptr_t>out[i])


cdef class Value(_Rows):
    cdef Program program
    cdef Layout layout
    cdef object type

    def __init__(self, schema, code, type_):
        super().__init__(schema)
        self.type = type_
        self.layout = layout_of(type_.id)
        add_code(&self.program, code)

    def of(self, batch):
        cdef Lent lent, made
        cdef vector[ColumnView] columns
        cdef int64_t n = batch.num_rows
        cdef cbool known
        if not self.lend(batch, &lent, &columns):
            return None
        with nogil:
            known = compute(self.program, columns, n, self.layout, &made.array)
        return pa.Array._import_from_c(<uintptr_t>&made.array, self.type) if known else None
