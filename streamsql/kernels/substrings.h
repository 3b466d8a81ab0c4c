// Characters of UTF-8 text: finding, cutting, capitals.
#pragma once

#include <cstdint>
#include <cstring>

namespace substrings {

static inline bool starts_character(uint8_t byte) { return (byte & 0xC0) != 0x80; }

// The position after `count` more characters (or bytes), at most `end`; *count becomes what is left of it.
static inline const uint8_t* skip(const uint8_t* at, const uint8_t* end, int64_t* count, bool bytes) {
    if (bytes) {
        const int64_t step = *count < end - at ? *count : end - at;
        *count -= step;
        return at + step;
    }
    while (*count > 0 && at < end) {
        ++at;
        while (at < end && !starts_character(*at)) ++at;
        --*count;
    }
    return at;
}

static inline int64_t characters(const uint8_t* at, const uint8_t* end) {
    int64_t count = 0;
    for (; at < end; ++at) count += starts_character(*at);
    return count;
}

// 1-based character position of the first `part` in the text, 0 without one.
static inline int64_t position(const uint8_t* part, int64_t part_size, const uint8_t* text, int64_t size) {
    if (part_size == 0) return 1;
    if (size < part_size) return 0;
    const uint8_t* at = text;
    const uint8_t* last = text + size - part_size;
    while (at <= last) {
        at = static_cast<const uint8_t*>(std::memchr(at, part[0], last - at + 1));
        if (!at) return 0;
        if (std::memcmp(at, part, part_size) == 0) return characters(text, at) + 1;
        ++at;
    }
    return 0;
}

}  // namespace substrings
