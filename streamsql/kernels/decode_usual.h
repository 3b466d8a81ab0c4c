/* The shapes that most values have, recognised and stored in one go: short numbers, timestamps in ms, plain text.

   Each function either stores exactly what decode_coerce.h would store and returns the end of the value, or touches
   nothing and returns null; then the general way is taken. What follows the value is the caller's to look at. */
#pragma once
#include "decode_coerce.h"

namespace streamsql {

/* For a DOUBLE, INTEGER or BIGINT column: mantissa × 10^-places; false if it is not for this column. */
inline bool Columns::put_usual(Column& c, bool negative, uint64_t mantissa, int places) {
    static const double signs[] = {1.0, -1.0};
    if (c.usual == Usual::real) {
        put<double>(c, (double)mantissa / POWERS[places] * signs[negative]);
        return true;
    }
    if (unlikely(places > 0)) return false;
    const int64_t value = negative ? -(int64_t)mantissa : (int64_t)mantissa;
    if (c.type == Type::bigint) put<int64_t>(c, value);
    else if (unlikely(mantissa > 0x7fffffff)) return false;
    else put<int32_t>(c, (int32_t)value);
    return true;
}

/* A number at p for such a column: see `read_short`, and a minus before it. */
inline const char* Columns::usual_number(Column& c, const char* p) {
    const bool negative = *p == '-';
    uint64_t mantissa;
    int places;
    p += negative;
    const int size = read_short(p, &mantissa, &places);
    return likely(size != 0 && put_usual(c, negative, mantissa, places)) ? p + size : nullptr;
}

/* A whole text for such a column: see `read_signed_text`. */
inline bool Columns::usual_number(Column& c, Text text) {
    bool negative;
    uint64_t mantissa;
    int places;
    return likely(read_signed_text(text, &negative, &mantissa, &places) && put_usual(c, negative, mantissa, places));
}

/* For a TIMESTAMP column: a time in the same minute as the value before. */
inline bool Columns::usual_stamp(Column& c, Text text) {
    int64_t stamp;
    if (unlikely(!c.memory.read_near(text.begin, text.size(), &stamp))) return false;
    put<int64_t>(c, stamp);
    return true;
}

/* For a VARCHAR column: the text up to `stop`, which the caller has found to be free of anything special. */
inline const char* Columns::usual_text(Column& c, const char* p, const char* stop) {
    if (unlikely(stop - p > c.length)) return nullptr;
    c.pad = 0;
    c.pending = {p, stop};
    return stop;
}

}  // namespace streamsql
