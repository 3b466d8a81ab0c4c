/* The coercion of one input value into its column: docs/spec/kinesis-application.md, section 3.3. */
#pragma once
#include "decode_columns.h"

namespace streamsql {

inline Fit Columns::convert(Column& c, const Number& n) {
    static const int64_t highs[] = {0, 127, 32767, 2147483647, INT64_MAX};
    Fit fit;
    switch (c.type) {
    case Type::double_: {
        double v;
        fit = to_double(n, &v);
        if (likely(fit == Fit::ok)) put<double>(c, v);
        return fit;
    }
    case Type::real: {
        float v;
        fit = to_float(n, &v);
        if (fit == Fit::ok) put<float>(c, v);
        return fit;
    }
    case Type::decimal: {
        int128 v;
        fit = to_decimal(n, c.precision, c.scale, &v);
        if (fit == Fit::ok) {
            memcpy(c.data + 16 * row, &v, 16);
            c.valid[row] = 1;
        }
        return fit;
    }
    default: {
        int64_t v;
        const int64_t high = highs[(int)c.type];
        fit = to_integer(n, -high - 1, high, &v);
        if (unlikely(fit != Fit::ok)) return fit;
        if (c.type == Type::bigint) put<int64_t>(c, v);
        else if (c.type == Type::integer) put<int32_t>(c, (int32_t)v);
        else if (c.type == Type::smallint) put<int16_t>(c, (int16_t)v);
        else put<int8_t>(c, (int8_t)v);
        return fit;
    }
    }
}

inline void Columns::set_number(int i, const Number& n, Text source) {
    Column& c = all[(size_t)i];
    if (likely(c.type >= Type::tinyint && c.type <= Type::double_)) {
        const Fit fit = convert(c, n);
        if (unlikely(fit != Fit::ok)) fail(i, source, fit);
    } else if (c.type == Type::char_ || c.type == Type::varchar) put_characters(c, source);
    else if (c.type == Type::boolean) {
        int64_t exponent;
        put<uint8_t>(c, n.long_form ? !digits_of(n, &exponent).empty() : n.mantissa != 0);
    } else fail(i, source, Fit::malformed);
}

inline void Columns::set_boolean_literal(int i, bool value, Text source) {
    Column& c = all[(size_t)i];
    if (c.type == Type::boolean) put<uint8_t>(c, value);
    else if (c.type >= Type::tinyint && c.type <= Type::double_) {
        static const char digits[] = "01";
        Number n{value, 0, false, false, {digits + value, digits + value + 1}};
        const Fit fit = convert(c, n);
        if (fit != Fit::ok) fail(i, source, fit);
    } else if (c.type == Type::char_ || c.type == Type::varchar) put_characters(c, source);
    else if (c.textual()) {
        const size_t n = c.type == Type::binary ? (size_t)c.length : 1;
        char* bytes = arena.take(n);
        memset(bytes, 0, n);
        bytes[n - 1] = value;
        put_bytes(c, {bytes, bytes + n});
    } else fail(i, source, Fit::malformed);
}

/* X'0FA7' → bytes. */
inline bool Columns::put_binary_literal(Column& c, Text value) {
    value = trim(value);
    if (value.size() < 3 || (*value.begin | 0x20) != 'x' || value.begin[1] != '\'' || value.end[-1] != '\'' ||
        value.size() % 2 == 0)
        return false;
    char *bytes = arena.take(value.size() / 2), *o = bytes;
    for (const char* p = value.begin + 2; p < value.end - 1; p += 2) {
        if (hex_value(p[0]) < 0 || hex_value(p[1]) < 0) return false;
        *o++ = (char)(hex_value(p[0]) << 4 | hex_value(p[1]));
    }
    put_bytes(c, {bytes, o});
    return true;
}

inline bool Columns::put_moment(Column& c, Text value) {
    value = trim(value);
    int64_t stamp;
    int32_t part;
    if (c.type == Type::timestamp) {
        if (unlikely(!parse_timestamp(value, c.memory, &stamp))) return false;
        put<int64_t>(c, stamp);
    } else if (c.type == Type::date) {
        if (value.size() != 10 || !c.memory.read(value.begin, &part)) return false;
        put<int32_t>(c, part);
    } else {
        if (parse_clock(value, &part) != value.end || value.size() == 0) return false;
        put<int32_t>(c, part);
    }
    return true;
}

/* A JSON string (escapes undone) or a CSV field. */
inline void Columns::set_text(int i, Text value) {
    Column& c = all[(size_t)i];
    bool fits = true;
    Fit fit = Fit::malformed;
    switch (c.type) {
    case Type::char_:
    case Type::varchar: put_characters(c, value); return;
    case Type::date:
    case Type::time:
    case Type::timestamp: fits = put_moment(c, value); break;
    case Type::boolean:
        put<uint8_t>(c, value.size() == 4 && (value.begin[0] | 32) == 't' && (value.begin[1] | 32) == 'r' &&
                            (value.begin[2] | 32) == 'u' && (value.begin[3] | 32) == 'e');
        return;
    case Type::binary:
    case Type::varbinary: fits = put_binary_literal(c, value); break;
    default: {
        Number n;
        fits = read_text_number(value, n);
        if (fits) fits = (fit = convert(c, n)) == Fit::ok;
    }
    }
    if (unlikely(!fits)) fail(i, value, fit);
}

inline void Columns::set_container(int i, Text source) {
    Column& c = all[(size_t)i];
    if (c.type == Type::char_ || c.type == Type::varchar) put_characters(c, source);
    else fail(i, source, Fit::malformed);
}

}  // namespace streamsql
