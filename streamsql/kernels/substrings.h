// Characters of UTF-8 text: finding, cutting, capitals.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

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

// Whether `part`, of at least a byte, is in the text; in time proportional to both where memmem is to be had.
static inline bool contains(const uint8_t* part, int64_t part_size, const uint8_t* text, int64_t size) {
    const auto* at = size < part_size ? nullptr : std::memchr(text, part[0], size - part_size + 1);
    if (!at || part_size == 1) return at != nullptr;
    const size_t left = text + size - static_cast<const uint8_t*>(at);
#if defined(__GLIBC__) || defined(__APPLE__)
    return memmem(at, left, part, part_size) != nullptr;
#else
    const std::string_view behind(static_cast<const char*>(at), left);
    return behind.find(std::string_view(reinterpret_cast<const char*>(part), part_size)) != std::string_view::npos;
#endif
}

}  // namespace substrings
