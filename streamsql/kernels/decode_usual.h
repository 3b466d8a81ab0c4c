/* The shapes that most values have, recognised and stored in one go: short numbers, timestamps in ms, plain text.

   Each function either stores exactly what decode_coerce.h would store and returns the end of the value, or touches
   nothing and returns null; then the general way is taken. What follows the value is the caller's to look at. */
#pragma once
#include "decode_coerce.h"

namespace streamsql {

/* The mantissa of mantissa × 10^-places in a DECIMAL of this scale and precision; false if it is not one. */
inline bool scaled_up(const Column& c, uint64_t mantissa, int places, int128* value) {
    const int shift = c.scale - places;
    if (unlikely(shift < 0 || shift > 18)) return false;
    const uint128 magnitude = (uint128)mantissa * TENS[shift];
    *value = (int128)magnitude;
    return magnitude < TENS[c.precision];
}

/* For a DOUBLE, INTEGER, BIGINT or DECIMAL column: mantissa × 10^-places; false if it is not for this column. */
inline bool Columns::put_usual(Column& c, bool negative, uint64_t mantissa, int places) {
    if (c.usual == Usual::real) {
        put<double>(c, (double)mantissa / POWERS[places] * SIGNS[negative]);
        return true;
    }
    if (c.usual == Usual::decimal) {
        int128 magnitude;
        if (unlikely(!scaled_up(c, mantissa, places, &magnitude))) return false;
        if (negative) magnitude = -magnitude;
        memcpy(c.data + 16 * row, &magnitude, 16);
        c.valid[row] = 1;
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

/* The same, if nobody wants the value. */
inline const char* Columns::fitting_number(const Column& c, const char* p) {
    uint64_t mantissa = 0;
    int places = 0;
    int128 value;
    p += *p == '-';
    const int size = read_short(p, &mantissa, &places);
    const bool fits = c.usual == Usual::real || (c.usual == Usual::whole ? places == 0 : scaled_up(c, mantissa, places, &value));
    return likely(size != 0 && fits) ? p + size : nullptr;
}

/* A whole text for such a column: see `read_signed_text`. */
inline bool Columns::usual_number(Column& c, Text text) {
    bool negative;
    uint64_t mantissa;
    int places;
    return likely(read_signed_text(text, &negative, &mantissa, &places) && put_usual(c, negative, mantissa, places));
}

/* Whether `true` or `false` is at p; without a jump that depends on which. */
inline bool read_truth(const char* p, bool* value) {
    static const char ends[2][5] = {"alse", "true"};
    *value = *p == 't';
    uint32_t end, expected;
    memcpy(&end, p + !*value, 4);
    memcpy(&expected, ends[*value], 4);
    return (end == expected) & (*value | (*p == 'f'));
}

/* For a BOOLEAN column: `true` or `false` at p. */
inline const char* Columns::usual_truth(Column& c, const char* p) {
    bool value;
    if (unlikely(!read_truth(p, &value))) return nullptr;
    put<uint8_t>(c, value);
    return p + 5 - value;
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
