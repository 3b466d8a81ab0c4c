// Chosen rows of columns, copied together.
#pragma once

#include "arrow_c.h"

namespace streamsql {

// Positions of the set bits of n bits that begin at bit `offset`; returns how many.
inline int64_t positions(const uint8_t* bits, int64_t offset, int64_t n, int32_t* out) {
    int32_t* o = out;
    for (int64_t i = 0; i < n; i += 8) {
        const int64_t at = offset + i, shift = at & 7;
        unsigned eight = bits[at >> 3] >> shift;
        if (shift && (at | 7) + 1 < offset + n) eight |= unsigned(bits[(at >> 3) + 1]) << (8 - shift);
        eight &= n - i < 8 ? (1u << (n - i)) - 1 : 0xffu;
        for (; eight; eight &= eight - 1) *o++ = int32_t(i + __builtin_ctz(eight));
    }
    return o - out;
}

// A column may begin anywhere: Arrow's files keep 8 bytes apart, and decimals have 16.
template <class T> void gather(const ColumnView& column, const int32_t* rows, int64_t n, uint8_t* out) {
    constexpr int64_t size = sizeof(T);
    const uint8_t* from = column.values + column.offset * size;
    for (int64_t i = 0; i < n; i++) std::memcpy(out + i * size, from + rows[i] * size, size);
}

// Values of `width` bytes.
inline void gather_fixed(const ColumnView& column, int width, const int32_t* rows, int64_t n, uint8_t* out) {
    switch (width) {
        case 1: return gather<uint8_t>(column, rows, n, out);
        case 2: return gather<uint16_t>(column, rows, n, out);
        case 4: return gather<uint32_t>(column, rows, n, out);
        case 8: return gather<uint64_t>(column, rows, n, out);
        default: return gather<int128>(column, rows, n, out);
    }
}

// Bits, of a boolean column or of validity; returns how many are set.
inline int64_t gather_bits(const uint8_t* bits, int64_t offset, const int32_t* rows, int64_t n, uint8_t* out) {
    int64_t ones = 0;
    for (int64_t i = 0; i < n; i += 8) {
        unsigned eight = 0;
        for (int64_t k = 0; k < 8 && i + k < n; k++) {
            const int64_t at = offset + rows[i + k];
            eight |= unsigned(bits[at >> 3] >> (at & 7) & 1) << k;
        }
        out[i >> 3] = uint8_t(eight);
        ones += __builtin_popcount(eight);
    }
    return ones;
}

// The n + 1 offsets of the gathered texts; returns the bytes that they have: with more than
// 2³¹ - 1 the offsets are of no use.
inline int64_t gather_offsets(const ColumnView& column, const int32_t* rows, int64_t n, int32_t* out) {
    int64_t sum = 0;
    out[0] = 0;
    for (int64_t i = 0; i < n; i++) out[i + 1] = int32_t(sum += int64_t(column.bytes(rows[i]).size()));
    return sum;
}

// Copies a text of a column whose bytes end at `end` to where there is room for 16 bytes more; returns its end there.
inline uint8_t* copy_text(std::string_view text, const uint8_t* end, uint8_t* out) {
    const auto* begin = reinterpret_cast<const uint8_t*>(text.data());
    if (text.size() <= 16 && end - begin >= 16) std::memcpy(out, begin, 16);
    else if (!text.empty()) std::memcpy(out, begin, text.size());
    return out + text.size();
}

// The texts themselves; `out` has room for 16 bytes more, `end` is the end of the column's bytes.
inline void gather_bytes(const ColumnView& column, const uint8_t* end, const int32_t* rows, int64_t n, uint8_t* out) {
    for (int64_t i = 0; i < n; i++) out = copy_text(column.bytes(rows[i]), end, out);
}

// The chosen rows of a column of `length` values. Raises overflow_error for more than 2 GiB of text.
inline void gather_column(const ColumnView& column, int64_t length, const int32_t* rows, int64_t n, ArrowArray* out) {
    std::unique_ptr<MadeColumn> made(new MadeColumn);
    int64_t present = n;
    if (column.layout == Layout::Null) return give(std::move(made), n, n, 0, out);
    if (column.validity) present = gather_bits(column.validity, column.offset, rows, n, made->allocate(0, (n + 7) / 8));
    if (present == n) {
        free(const_cast<void*>(made->buffers[0]));
        made->buffers[0] = nullptr;
    }
    if (column.layout == Layout::Bytes) {
        auto* offsets = reinterpret_cast<int32_t*>(made->allocate(1, (n + 1) * 4));
        const int64_t size = gather_offsets(column, rows, n, offsets);
        if (size > INT32_MAX) throw std::overflow_error("more than 2 GiB of text in one batch");
        const uint8_t* end = column.data + column.at<int32_t>(length);
        gather_bytes(column, end, rows, n, made->allocate(2, size + 16));
        return give(std::move(made), n, n - present, 3, out);
    }
    const int width = width_of(column.layout);
    uint8_t* values = made->allocate(1, width ? n * width : (n + 7) / 8);
    if (width) gather_fixed(column, width, rows, n, values);
    else gather_bits(column.values, column.offset, rows, n, values);
    give(std::move(made), n, n - present, 2, out);
}

}  // namespace streamsql
