# distutils: language = c++
# distutils: extra_compile_args = -fno-strict-aliasing -fvisibility=hidden
# (the memory of a value on the stack is read as what it holds)
"""Expressions, compiled to programs, over batches: filters and select lists (see programs.h)."""

import pyarrow as pa

from libc.stdint cimport int32_t, int64_t, uintptr_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector

from streamsql.kernels.batches cimport ArrowArray, LazyBatch, OwnedArray, add_column, lazy
from streamsql.kernels.chosen_rows cimport ChosenRows
from streamsql.kernels.columns cimport ColumnView, Layout, layout_of, add_layouts
from streamsql.kernels.texts cimport text_of


cdef extern from "program_rows.h" namespace "streamsql" nogil:
    cdef cppclass Program:
        void add(int, int64_t, double, const string&) except +

    cbool compute(const Program&, const vector[ColumnView]&, int64_t, Layout, ArrowArray*) except +
    int64_t choose(const Program&, const vector[ColumnView]&, int64_t, int32_t*) except +


# The order of `enum class Op` in programs.h.
OPERATIONS = {
    name: number
    for number, name in enumerate(
        """column integer number truth text
        to_number fits within rounded negate_integer negate_number
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


cdef class _Rows:
    """Batches of one schema; the base of what is done with them."""
    cdef object schema
    cdef vector[Layout] layouts
    cdef vector[cbool] used  # the columns that must be there

    def __init__(self, schema):
        self.schema = schema
        add_layouts(schema, self.layouts)
        self.used.resize(self.layouts.size())

    cdef object add(self, Program* program, code):
        for name, operand in code:
            if name == "column":
                self.used[<size_t>operand] = True
            if isinstance(operand, bytes):
                program.add(_OPERATIONS[name], 0, 0, text_of(operand))
            elif isinstance(operand, float):
                program.add(_OPERATIONS[name], 0, operand, text_of(b""))
            else:
                program.add(_OPERATIONS[name], operand, 0, text_of(b""))

    cdef LazyBatch view(self, batch, vector[ColumnView]* columns):
        """The batch, which keeps the memory of `columns`; None if it has another schema. Only those used have a view."""
        cdef LazyBatch rows = lazy(batch)
        cdef size_t i
        if rows.schema is not self.schema:
            if not rows.schema.equals(self.schema):
                return None
            self.schema = rows.schema  # most likely that of the next batch too: found equal at one look
        columns.resize(self.layouts.size())
        for i in range(self.layouts.size()):
            if self.used[i]:
                columns[0][i] = rows.view(i, self.layouts[i])
        return rows


cdef class Condition(_Rows):
    cdef Program program

    def __init__(self, schema, code):
        super().__init__(schema)
        self.add(&self.program, code)

    def rows(self, batch):
        cdef vector[ColumnView] columns
        cdef int64_t n = batch.num_rows
        cdef LazyBatch known = self.view(batch, &columns)
        cdef ChosenRows made = ChosenRows.__new__(ChosenRows)
        if known is None:
            return None
        made.numbers.resize(n + 1)
        with nogil:
            made.count = choose(self.program, columns, n, made.numbers.data())
        if made.count < 0:
            return None
        if made.count == n:
            return known
        made.layouts.assign(self.layouts.begin(), self.layouts.end())
        return made.of(known)


cdef class SelectList(_Rows):
    cdef vector[Program] programs
    cdef vector[int] places  # of each output: a column, GIVEN, or -1 - the number of its program
    cdef vector[Layout] results
    cdef object result

    def __init__(self, schema, outputs, result):
        super().__init__(schema)
        self.result = result
        for output, type_ in zip(outputs, result.types, strict=True):
            if output is None:
                self.places.push_back(GIVEN)
                continue
            if isinstance(output, int):
                self.places.push_back(output)
                self.used[<size_t>output] = True
                continue
            self.places.push_back(-1 - <int>self.programs.size())
            self.programs.resize(self.programs.size() + 1)
            self.results.push_back(layout_of(type_.id))
            self.add(&self.programs.back(), output)

    def rows(self, batch, given=()):
        cdef vector[ColumnView] columns
        cdef LazyBatch made, known = self.view(batch, &columns)
        cdef int64_t n = batch.num_rows
        cdef int place
        if known is None:
            return None
        made = LazyBatch.__new__(LazyBatch)
        made.num_rows = n
        made.schema = self.result
        made.columns.reserve(self.places.size())
        values = iter(given)
        for place in self.places:
            if place >= 0:
                made.columns.push_back(known.columns[place])
            elif place == GIVEN:
                next(values)._export_to_c(<uintptr_t>add_column(made.columns))
            elif not self.compute(-1 - place, columns, n, add_column(made.columns)):
                return None
        return made

    cdef cbool compute(self, size_t program, const vector[ColumnView]& columns, int64_t n, ArrowArray* out) except? False:
        cdef Layout result = self.results[program]
        with nogil:
            return compute(self.programs[program], columns, n, result, out)


cdef class Insertion:
    cdef Condition condition
    cdef SelectList select
    cdef object required
    cdef object texts
    cdef int64_t limit

    def __init__(self, condition, select, required, texts, limit):
        self.condition = condition
        self.select = select
        self.required = required
        self.texts = texts
        self.limit = limit

    def rows(self, batch):
        cdef LazyBatch made
        if self.condition is not None:
            batch = self.condition.rows(batch)
            if batch is None:
                return None
        made = self.select.rows(batch)
        return made if made is not None and made.fits(self.required, self.texts, self.limit) else None


cdef class Value(_Rows):
    cdef Program program
    cdef Layout layout
    cdef object type

    def __init__(self, schema, code, type_):
        super().__init__(schema)
        self.type = type_
        self.layout = layout_of(type_.id)
        self.add(&self.program, code)

    def of(self, batch):
        cdef OwnedArray made
        cdef vector[ColumnView] columns
        cdef int64_t n = batch.num_rows
        cdef cbool known
        rows = self.view(batch, &columns)
        if rows is None:
            return None
        with nogil:
            known = compute(self.program, columns, n, self.layout, &made.array)
        return pa.Array._import_from_c(<uintptr_t>&made.array, self.type) if known else None
