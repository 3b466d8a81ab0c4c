// State of a kernel as one string of bytes, little-endian, and back with every length checked.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace streamsql {

// Fresh memory that is about to be written from end to end: in large pages it takes a third of the time.
inline void expect_writes(char* memory, size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr uintptr_t PAGE = 1 << 12;
    constexpr size_t WORTH_IT = 1 << 22;
    const uintptr_t first = (reinterpret_cast<uintptr_t>(memory) + PAGE - 1) & ~(PAGE - 1);
    if (size >= WORTH_IT) madvise(reinterpret_cast<void*>(first), size - PAGE, MADV_HUGEPAGE);
#else
    (void)memory, (void)size;
#endif
}

// Values with memory of their own, one after the other: that of the one so far ahead is called for in time.
constexpr size_t SAVED_AHEAD = 16;
template <class T> auto call_for(const T& value, int) -> decltype(value.prefetch()) { value.prefetch(); }
template <class T> void call_for(const T&, long) {}

// Writes twice: the first time it only counts, the second time it writes to memory of just that size.
class Writer {
public:
    size_t size() const { return size_; }
    bool writes() const { return to_ != nullptr; }
    void write_to(char* memory) {
        expect_writes(memory, size_);
        to_ = memory;
        size_ = 0;
    }

    // Plain memory as it is; other classes write themselves with `save`.
    template <class T> void put(const T& value) {
        if constexpr (std::is_trivially_copyable_v<T>) raw(&value, sizeof(T));
        else value.save(*this);
    }
    void put(const std::string& value) {
        put<uint64_t>(value.size());
        raw(value.data(), value.size());
    }
    template <class T> void put(const std::vector<T>& values) {
        put<uint64_t>(values.size());
        if constexpr (std::is_trivially_copyable_v<T>) {
            raw(values.data(), values.size() * sizeof(T));
        } else {
            for (size_t i = 0; i < values.size(); i++) {
                if (writes() && i + SAVED_AHEAD < values.size()) call_for(values[i + SAVED_AHEAD], 0);
                put(values[i]);
            }
        }
    }
    void raw(const void* data, size_t size) {
        if (to_ && size) std::memcpy(to_ + size_, data, size);
        size_ += size;
    }

private:
    char* to_ = nullptr;
    size_t size_ = 0;
};

class Reader {
public:
    Reader(const char* begin, size_t size) : at_(begin), end_(begin + size) {}

    template <class T> void get(T& value) {
        if constexpr (std::is_trivially_copyable_v<T>) {
            need(sizeof(T));
            std::memcpy(&value, at_, sizeof(T));
            at_ += sizeof(T);
        } else {
            value.load(*this);
        }
    }
    void get(std::string& value) {
        uint64_t size = count(1);
        value.assign(at_, size);
        at_ += size;
    }
    template <class T> void get(std::vector<T>& values) {
        if constexpr (std::is_trivially_copyable_v<T>) {
            uint64_t size = count(sizeof(T));
            values.resize(size);
            if (size) std::memcpy(values.data(), at_, size * sizeof(T));
            at_ += size * sizeof(T);
        } else {
            uint64_t size = count(1);
            values.clear();
            for (uint64_t i = 0; i < size; i++) {
                values.emplace_back();
                get(values.back());
            }
        }
    }
    void raw(void* data, size_t size) {
        need(size);
        if (size) std::memcpy(data, at_, size);
        at_ += size;
    }
    // A number of things that need at least `each` bytes in what is left.
    uint64_t count(size_t each) {
        uint64_t size;
        get(size);
        if (size > static_cast<uint64_t>(end_ - at_) / each) throw std::runtime_error("saved state is cut short");
        return size;
    }
    void finish() const {
        if (at_ != end_) throw std::runtime_error("saved state is too long");
    }

private:
    void need(size_t size) const {
        if (size > static_cast<size_t>(end_ - at_)) throw std::runtime_error("saved state is cut short");
    }
    const char* at_;
    const char* end_;
};

}  // namespace streamsql
