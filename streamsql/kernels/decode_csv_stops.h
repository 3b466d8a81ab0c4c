/* Where fields end, found 64 bytes at a time: the next field does not have to wait for the one before. */
#pragma once
#include "decode_text.h"

namespace streamsql {

/* The bytes of a block that are a delimiter or a quote, one bit each, and whether any is not ASCII. */
struct Block64 {
    uint64_t stops;
    bool high;
};

inline Block64 block_of(const char* p, char comma, char line) {
    Block64 block = {0, false};
#if defined(__SSE2__)
    const __m128i a = _mm_set1_epi8(comma), b = _mm_set1_epi8(line), quote = _mm_set1_epi8('"');
    uint32_t tops = 0;
    for (int i = 0; i < 4; i++) {
        const __m128i v = _mm_loadu_si128((const __m128i*)(p + 16 * i));
        const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, a), _mm_cmpeq_epi8(v, b)), _mm_cmpeq_epi8(v, quote));
        block.stops |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (16 * i);
        tops |= (uint32_t)_mm_movemask_epi8(v);
    }
    block.high = tops != 0;
#else
    for (int i = 0; i < 64; i++) {
        block.stops |= (uint64_t)(p[i] == comma || p[i] == line || p[i] == '"') << i;
        block.high |= p[i] < 0;
    }
#endif
    return block;
}

/* The stops of a text, one after the other. The text is followed by PADDING zero bytes, and no delimiter is zero. */
class Stops {
  public:
    /* Goes on at p, unless that is where the last stop left off. */
    void seek(const char* p, const char* end, char comma, char line) {
        high = block_.high;
        if (likely(p == here_ && end == end_)) return;
        end_ = end, comma_ = comma, line_ = line;
        base_ = p;
        load();
        here_ = p;
    }

    /* The next stop, or null when there is none before the end. */
    const char* next() {
        while (block_.stops == 0) {
            if (end_ - base_ <= 64) return nullptr;
            base_ += 64;
            load();
        }
        const char* stop = base_ + __builtin_ctzll(block_.stops);
        block_.stops &= block_.stops - 1;
        here_ = stop + 1;
        return stop;
    }

    /* The text may change: nothing found so far holds. */
    void forget() { here_ = nullptr; }

    bool high = false;  // since `seek`: some byte may not be ASCII

  private:
    const char *base_ = nullptr, *here_ = nullptr, *end_ = nullptr;
    Block64 block_ = {0, false};
    char comma_ = ',', line_ = '\n';

    void load() {
        block_ = block_of(base_, comma_, line_);
        high |= block_.high;
    }
};

}  // namespace streamsql
