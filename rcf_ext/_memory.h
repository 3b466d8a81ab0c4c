// Owned, aligned arrays: the only place where the forest allocates.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace rcf {

// Tests let the next allocation but n fail; negative means none.
inline std::atomic<int64_t> allocations_until_failure{-1};

inline void fail_allocation_after(int64_t count) { allocations_until_failure = count; }

inline void* allocate(size_t bytes) {
    int64_t left = allocations_until_failure.load(std::memory_order_relaxed);
    if (left >= 0 && allocations_until_failure.fetch_sub(1) == 0) throw std::bad_alloc();
    return ::operator new(bytes, std::align_val_t(64));
}

// A zero-filled array of plain values on a cache-line boundary. Throws std::bad_alloc.
template <class T>
class Array {
  public:
    Array() = default;
    explicit Array(size_t size) : data_(size ? static_cast<T*>(allocate(size * sizeof(T))) : nullptr), size_(size) {
        if (size) std::memset(static_cast<void*>(data_), 0, size * sizeof(T));
    }
    Array(Array&& other) noexcept : data_(other.data_), size_(other.size_) { other.forget(); }
    Array& operator=(Array&& other) noexcept {
        if (this != &other) {
            release();
            data_ = other.data_;
            size_ = other.size_;
            other.forget();
        }
        return *this;
    }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;
    ~Array() { release(); }

    T& operator[](size_t i) { return data_[i]; }
    const T& operator[](size_t i) const { return data_[i]; }
    T* data() { return data_; }
    const T* data() const { return data_; }
    size_t size() const { return size_; }
    size_t bytes() const { return size_ * sizeof(T); }

  private:
    void forget() {
        data_ = nullptr;
        size_ = 0;
    }
    void release() {
        if (data_) ::operator delete(data_, std::align_val_t(64));
    }
    T* data_ = nullptr;
    size_t size_ = 0;
};

}  // namespace rcf
