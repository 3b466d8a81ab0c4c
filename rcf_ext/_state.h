// The forest's state as bytes: plain values one after the other, little-endian as on every machine we run on.
//
// Loading believes nothing: whatever a tree or sampler relies on is checked, so that no bytes, however made, lead to
// a forest that reads or writes out of bounds. Boxes, masses and spans are not stored but computed again.
#pragma once
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace rcf {

struct StateFault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void require(bool condition, const char* fault) {
    if (!condition) throw StateFault(fault);
}

class Writer {
  public:
    template <class T>
    void values(const T* data, size_t count) {
        static_assert(std::is_arithmetic<T>::value, "only plain numbers have a layout");
        bytes_.append(reinterpret_cast<const char*>(data), count * sizeof(T));
    }
    template <class T>
    void value(T x) {
        values(&x, 1);
    }
    std::string take() { return std::move(bytes_); }

  private:
    std::string bytes_;
};

class Reader {
  public:
    Reader(const char* data, size_t size) : at_(data), left_(size) {}

    template <class T>
    void values(T* data, size_t count) {
        require(count <= left_ / sizeof(T), "the state ends early");
        std::memcpy(data, at_, count * sizeof(T));
        at_ += count * sizeof(T);
        left_ -= count * sizeof(T);
    }
    template <class T>
    T value() {
        T x;
        values(&x, 1);
        return x;
    }
    void finish() const { require(left_ == 0, "the state goes on after its end"); }

  private:
    const char* at_;
    size_t left_;
};

}  // namespace rcf
