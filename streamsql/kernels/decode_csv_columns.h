/* Fields of many rows → the values of one column, as long as they are of its usual shape (decode_usual.h).

   Each function stores values from row `i` on and returns the first row whose field it leaves to the general way, or
   `rows`. */
#pragma once
#include "decode_csv_block.h"
#include "decode_usual.h"

namespace streamsql {

/* DOUBLE: short numbers. */
inline size_t reals_of(Fields fields, double* values, size_t i, size_t rows) {
    static const double signs[] = {1.0, -1.0};
    for (; i < rows; i++) {
        bool negative;
        uint64_t mantissa;
        int places;
        if (unlikely(!read_signed_text(fields[i], &negative, &mantissa, &places))) break;
        values[i] = (double)mantissa / POWERS[places] * signs[negative];
    }
    return i;
}

/* INTEGER and BIGINT, as `T`: digits. */
template <typename T> size_t wholes_of(Fields fields, T* values, size_t i, size_t rows) {
    for (; i < rows; i++) {
        bool negative;
        uint64_t mantissa;
        int places;
        if (unlikely(!read_signed_text(fields[i], &negative, &mantissa, &places))) break;
        if (unlikely(places > 0 || (sizeof(T) == 4 && mantissa > 0x7fffffff))) break;
        values[i] = (T)(negative ? -(int64_t)mantissa : (int64_t)mantissa);
    }
    return i;
}

/* TIMESTAMP: times in the minute that is remembered. */
inline size_t stamps_of(Fields fields, const DateMemory& memory, int64_t* values, size_t i, size_t rows) {
    const DateMemory known = memory;
    for (; i < rows; i++) {
        const Text text = fields[i];
        if (unlikely(!known.read_near(text.begin, text.size(), &values[i]))) break;
    }
    return i;
}

/* VARCHAR: texts that need not be cut. There is room for all of them; `offsets` are their ends. */
inline size_t texts_of(Fields fields, Column& c, int32_t* offsets, size_t i, size_t rows) {
    char* data = c.data;
    size_t used = c.used;
    const size_t most = (size_t)c.length;
    for (; i < rows; i++) {
        const Text text = fields[i];
        const size_t n = text.size();
        if (unlikely(n > most)) break;
        if (likely(n <= 16)) memcpy(data + used, text.begin, 16);
        else memcpy(data + used, text.begin, n);
        used += n;
        offsets[i] = (int32_t)used;
    }
    c.used = used;
    return i;
}

}  // namespace streamsql
