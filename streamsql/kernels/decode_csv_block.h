/* The usual rows of delimited text, many at once: as many fields as there are columns, quotes only around fields or,
   two at a time, within those.

   Rows are cut first, 64 bytes at a time, and then converted a column at a time: one kind of value in one short loop
   is what a processor foresees best. Rows of any other shape are left to the reader that goes row by row. */
#pragma once
#include <algorithm>
#include <vector>

#include "decode_text.h"

namespace streamsql {

/* The bytes of interest in 64: one bit each, and how many ends of fields and of rows there are. */
struct Marks {
    uint64_t ends, quotes;
    int fields, rows;
    bool high;
};

inline Marks marks_of(const char* p, char comma, char line) {
    Marks marks = {0, 0, 0, 0, false};
#if defined(__SSE2__)
    const __m128i a = _mm_set1_epi8(comma), b = _mm_set1_epi8(line), quote = _mm_set1_epi8('"'), none = _mm_setzero_si128();
    __m128i fields = none, rows = none, all = none;
    for (int i = 0; i < 4; i++) {
        const __m128i v = _mm_loadu_si128((const __m128i*)(p + 16 * i));
        const __m128i row = _mm_cmpeq_epi8(v, b), field = _mm_or_si128(_mm_cmpeq_epi8(v, a), row);
        marks.ends |= (uint64_t)(uint32_t)_mm_movemask_epi8(field) << (16 * i);
        marks.quotes |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, quote)) << (16 * i);
        fields = _mm_sub_epi8(fields, field);
        rows = _mm_sub_epi8(rows, row);
        all = _mm_or_si128(all, v);
    }
    auto sum = [none](__m128i counts) {
        const __m128i halves = _mm_sad_epu8(counts, none);
        return _mm_cvtsi128_si32(halves) + _mm_cvtsi128_si32(_mm_srli_si128(halves, 8));
    };
    marks.fields = sum(fields);
    marks.rows = sum(rows);
    marks.high = _mm_movemask_epi8(all) != 0;
#else
    for (int i = 0; i < 64; i++) {
        marks.ends |= (uint64_t)(p[i] == comma || p[i] == line) << i;
        marks.quotes |= (uint64_t)(p[i] == '"') << i;
        marks.fields += p[i] == comma || p[i] == line;
        marks.rows += p[i] == line;
        marks.high |= p[i] < 0;
    }
#endif
    return marks;
}

/* From each opening quote to before its closing one: 1. `inside`: all ones if the bytes before end within quotes. */
inline uint64_t within_quotes(uint64_t quotes, uint64_t inside) {
    for (int shift = 1; shift < 64; shift *= 2) quotes ^= quotes << shift;
    return quotes ^ inside;
}

/* One field of each row: `ends` has where the field before it ends, then where it does, `width` numbers on for the
   next row. A carriage return at its end is left out with `strip`, quotes around it with `quoted`. With `doubled`, two
   quotes in a field mean one. */
struct Fields {
    const char* base;
    const int32_t* ends;
    size_t width;
    bool strip, quoted, doubled;

    Text operator[](size_t row) const {
        const int32_t* at = ends + row * width;
        Text text = {base + at[0] + 1, base + at[1]};
        text.end -= strip && text.end > text.begin && text.end[-1] == '\r';
        if (unlikely(quoted) && *text.begin == '"') text = {text.begin + 1, text.end - 1};
        return text;
    }

    bool is_doubled(Text text) const { return unlikely(doubled) && memchr(text.begin, '"', text.size()); }
};

class CsvBlock {
  public:
    size_t rows = 0;
    bool high = false;   // some byte near these rows is not ASCII
    size_t most = 4096;  // fields to cut at once

    /* Cuts rows of `width` fields from p on, until there are enough, or one looks different; with `strip` they may
       end in a carriage return. 64 more bytes behind `end` can be read. Returns the end of the last row. */
    const char* cut(const char* p, const char* end, char comma, char line, bool strip, size_t width) {
        base_ = p, width_ = width, strip_ = strip, rows = 0, high = quoted_ = doubled_ = false;
        if (width > ENDS / 2) return p;
        end = p + std::min(size_t(end - p), BYTES);
        most = std::min(std::max(most, 2 * width), ENDS);
        if (ends_.empty()) ends_.resize(1 + ENDS + 64 + 8);
        ends_[0] = -1;  // a field begins behind the end of the one before
        size_t lines = 0;
        const size_t complete = mark(end, comma, line, &lines) / width;
        while (rows < complete && p[ends_[(rows + 1) * width]] == line) rows++;
        // Every width-th end is that of a row; where there are no others, no row is shorter.
        if (unlikely(quoted_ || rows < complete || lines != rows)) keep([=](size_t row) { return is_whole(row, line); });
        if (width == 1) keep([=](size_t row) { return !is_blank_line(row); });
        end = odd_ ? std::min(end, odd_) : end;
        while (rows && end_of_rows() > end) rows--;
        return end_of_rows();
    }

    Fields fields(size_t column) const {
        return {base_, &ends_[column], width_, strip_ && column + 1 == width_, quoted_, doubled_};
    }

  private:
    static constexpr size_t ENDS = 4096, BYTES = 1 << 30;  // at once; the ends are 32-bit numbers
    const char* base_ = nullptr;
    size_t width_ = 0;
    bool strip_ = false, quoted_ = false, doubled_ = false;
    const char* odd_ = nullptr;  // the first quote that is not as usual, or the byte after it
    std::vector<int32_t> ends_;  // of fields, after that of a field before the first

    /* Finds the ends of fields; returns how many there are, and how many of them, or a few more, are those of rows. */
    size_t mark(const char* end, char comma, char line, size_t* lines) {
        int32_t *const first = &ends_[1], *out = first;
        uint64_t inside = 0;
        odd_ = nullptr;
        for (const char* p = base_; p < end && out < first + most && !odd_; p += 64) {
            Marks marks = marks_of(p, comma, line);
            high |= marks.high;
            if (unlikely((marks.quotes | inside) != 0)) {
                const uint64_t within = within_quotes(marks.quotes, inside);
                inside = (uint64_t)((int64_t)within >> 63);
                marks.ends &= ~within;
                marks.fields = __builtin_popcountll(marks.ends);
                check_quotes(p, end, marks, within, comma, line);
                quoted_ = true;
            }
            *lines += (size_t)marks.rows;
            int32_t* const next = out + marks.fields;
            const int32_t offset = (int32_t)(p - base_);
            for (; out < next; out += 8)
                for (int i = 0; i < 8; i++) {  // what is written beyond `next` is written again
                    out[i] = offset + __builtin_ctzll(marks.ends | 1ULL << 63);
                    marks.ends &= marks.ends - 1;
                }
            out = next;
        }
        return (size_t)(out - first);
    }

    const char* end_of_rows() const { return base_ + ends_[rows * width_] + 1; }

    /* Keeps the rows before the first that is not `usual`. */
    template <typename Usual> void keep(Usual usual) {
        size_t kept = 0;
        while (kept < rows && usual(kept)) kept++;
        rows = kept;
    }

    bool is_whole(size_t row, char line) const {
        for (size_t i = 1; i < width_; i++)
            if (base_[ends_[row * width_ + i]] == line) return false;
        return true;
    }

    bool is_blank_line(size_t row) const {
        const char* begin = base_ + ends_[row] + 1;
        return begin == base_ + ends_[row + 1] || *begin == '\r';
    }

    /* Whether the 64 quotes and their neighbours at p are as usual: a quote opens at the beginning of a field or after
       the one that closed (then the two are one of the text), and closes before the end of a field or another. */
    void check_quotes(const char* p, const char* end, const Marks& marks, uint64_t within, char comma, char line) {
        auto is_end = [=](const char* at) { return *at == comma || *at == line; };
        auto is_return = [=](const char* at) { return strip_ && *at == '\r' && at + 1 < end && at[1] == line; };
        const uint64_t opening = marks.quotes & within, closing = marks.quotes & ~within;
        const bool first = p == base_ || is_end(p - 1), second = p != base_ && p[-1] == '"';
        const uint64_t twice = opening & (closing << 1 | (uint64_t)second);
        uint64_t odd = opening & ~(marks.ends << 1 | (uint64_t)first) & ~twice;
        for (uint64_t after = closing << 1 & ~marks.ends & ~opening; after; after &= after - 1)
            if (!is_return(p + __builtin_ctzll(after))) odd |= after & -after;
        doubled_ |= twice != 0;
        if (unlikely(odd != 0)) odd_ = p + __builtin_ctzll(odd);
        else if (closing >> 63 && p + 64 < end && !is_end(p + 64) && p[64] != '"' && !is_return(p + 64)) odd_ = p + 64;
    }
};

}  // namespace streamsql
