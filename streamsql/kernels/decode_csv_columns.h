/* Fields of many rows → the values of one column, as long as they are of its usual shape (decode_usual.h).

   Each function stores values from row `i` on and returns the first row whose field it leaves to the general way, or
   `rows`. Where a field is empty it takes back the row's byte in `valid`, which is 1 before; for VARCHAR that is a text.
   With `Keep` false it says the same and stores nothing: what is only computed to be stored is not computed either. */
#pragma once
#include "decode_csv_block.h"
#include "decode_usual.h"

namespace streamsql {

inline bool is_null(Text text, uint8_t* valid) {
    *valid = text.begin != text.end;
    return !*valid;
}

/* Whether a field is a number that `store` takes: `store(number)` is a Fit. */
template <typename Store> bool by_general(Text text, Store store) {
    Number n;
    return read_text_number(text, n) && store(n) == Fit::ok;
}

/* DOUBLE. */
template <bool Keep = true> size_t reals_of(Fields fields, double* values, uint8_t* valid, size_t i, size_t rows) {
    for (; i < rows; i++) {
        const Text text = fields[i];
        bool negative;
        uint64_t mantissa;
        int places;
        double value;
        if (likely(read_signed_text(text, &negative, &mantissa, &places))) value = (double)mantissa / POWERS[places] * SIGNS[negative];
        else if (is_null(text, valid + i)) continue;
        else if (!by_general(text, [&](const Number& n) { return to_double(n, &value); })) break;
        if (Keep) values[i] = value;
    }
    return i;
}

/* INTEGER and BIGINT, as `T`: digits. */
template <typename T, bool Keep = true> size_t wholes_of(Fields fields, T* values, uint8_t* valid, size_t i, size_t rows) {
    for (; i < rows; i++) {
        const Text text = fields[i];
        bool negative;
        uint64_t mantissa;
        int places;
        if (unlikely(!read_signed_text(text, &negative, &mantissa, &places))) {
            if (is_null(text, valid + i)) continue;
            break;
        }
        if (unlikely(places > 0 || (sizeof(T) == 4 && mantissa > 0x7fffffff))) break;
        if (Keep) values[i] = (T)(negative ? -(int64_t)mantissa : (int64_t)mantissa);
    }
    return i;
}

/* DECIMAL, 16 bytes each. */
inline size_t decimals_of(Fields fields, const Column& c, char* values, uint8_t* valid, size_t i, size_t rows) {
    const int precision = c.precision, scale = c.scale;
    for (; i < rows; i++) {
        const Text text = fields[i];
        bool negative;
        uint64_t mantissa;
        int places;
        int128 value;
        if (likely(read_signed_text(text, &negative, &mantissa, &places) && scaled_up(c, mantissa, places, &value))) value = negative ? -value : value;
        else if (is_null(text, valid + i)) continue;
        else if (!by_general(text, [&](const Number& n) { return to_decimal(n, precision, scale, &value); })) break;
        memcpy(values + 16 * i, &value, 16);
    }
    return i;
}

/* BOOLEAN: `true` and `false` as they are. */
inline size_t truths_of(Fields fields, uint8_t* values, uint8_t* valid, size_t i, size_t rows) {
    for (; i < rows; i++) {
        const Text text = fields[i];
        bool value;
        if (likely(read_truth(text.begin, &value) && text.size() == size_t(5 - value))) values[i] = value;
        else if (!is_null(text, valid + i)) break;
    }
    return i;
}

/* TIMESTAMP. */
inline size_t stamps_of(Fields fields, DateMemory& memory, int64_t* values, uint8_t* valid, size_t i, size_t rows) {
    DateMemory known = memory;
    for (; i < rows; i++) {
        const Text text = fields[i];
        if (likely(known.read_near(text.begin, text.size(), &values[i]))) continue;
        if (is_null(text, valid + i)) continue;
        if (!parse_timestamp(text, memory, &values[i])) break;
        known = memory;
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
        if (unlikely(fields.is_doubled(text))) used = size_t(copy_undoubled(text, data + used) - data);
        else {
            if (likely(n <= 16)) memcpy(data + used, text.begin, 16);
            else if (n <= PADDING) memcpy(data + used, text.begin, PADDING);
            else memcpy(data + used, text.begin, n);
            used += n;
        }
        offsets[i] = (int32_t)used;
    }
    c.used = used;
    return i;
}

}  // namespace streamsql
