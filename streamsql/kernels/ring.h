// A queue of values in one block of memory, small when empty: there may be a million of them.
#pragma once

#include <algorithm>
#include <vector>

#include "state_bytes.h"

namespace streamsql {

template <class T> class Ring {
public:
    int64_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T& operator[](int64_t i) { return items_[(head_ + i) & (items_.size() - 1)]; }
    const T& operator[](int64_t i) const { return items_[(head_ + i) & (items_.size() - 1)]; }
    T& front() { return (*this)[0]; }
    T& back() { return (*this)[size_ - 1]; }

    void push_back(T value) {
        if (size_ == static_cast<int64_t>(items_.size())) resize(items_.empty() ? 4 : 2 * items_.size());
        items_[(head_ + size_) & (items_.size() - 1)] = std::move(value);
        size_++;
    }
    // Adds value(0) … value(n - 1) at the end.
    template <class Value> void append(int64_t n, Value value) {
        size_t capacity = items_.empty() ? 4 : items_.size();
        while (capacity < static_cast<size_t>(size_ + n)) capacity *= 2;
        if (capacity > items_.size()) resize(capacity);
        T* const end = items_.data() + ((head_ + size_) & (capacity - 1));
        const int64_t first = std::min<int64_t>(n, items_.data() + capacity - end);  // up to where it wraps around
        for (int64_t i = 0; i < first; i++) end[i] = value(i);
        for (int64_t i = first; i < n; i++) items_[i - first] = value(i);
        size_ += n;
    }
    void pop_back() { size_--; }
    void pop_front() { drop(1); }
    // Takes so many away from the front.
    void drop(int64_t count) {
        if (count == 0) return;
        head_ = (head_ + count) & (items_.size() - 1);
        size_ -= count;
        if (items_.size() > 64 && 8 * size_ < static_cast<int64_t>(items_.size())) resize(items_.size() / 2);
    }

    void prefetch() const {
        for (size_t byte = 0; byte < 4 * 64; byte += 64)
            __builtin_prefetch(reinterpret_cast<const char*>(items_.data() + head_) + byte);
    }
    void save(Writer& out) const {
        out.put<uint64_t>(size_);
        if constexpr (std::is_trivially_copyable_v<T>) {
            const size_t first = std::min<size_t>(size_, items_.size() - head_);  // up to where it wraps around
            out.raw(items_.data() + head_, first * sizeof(T));
            out.raw(items_.data(), (size_ - first) * sizeof(T));
        } else {
            for (int64_t i = 0; i < size_; i++) out.put((*this)[i]);
        }
    }
    void load(Reader& in) {
        *this = Ring();
        if constexpr (std::is_trivially_copyable_v<T>) {
            size_ = static_cast<int64_t>(in.count(sizeof(T)));
            size_t capacity = size_ ? 4 : 0;
            while (capacity < static_cast<size_t>(size_)) capacity *= 2;
            items_.resize(capacity);
            in.raw(items_.data(), size_ * sizeof(T));
        } else {
            uint64_t size = in.count(1);
            for (uint64_t i = 0; i < size; i++) {
                T value{};
                in.get(value);
                push_back(std::move(value));
            }
        }
    }

private:
    void resize(size_t capacity) {
        std::vector<T> items(capacity);
        for (int64_t i = 0; i < size_; i++) items[i] = std::move((*this)[i]);
        items_.swap(items);
        head_ = 0;
    }
    std::vector<T> items_;  // a power of two of them
    size_t head_ = 0;
    int64_t size_ = 0;
};

// What a sliding sum needs: values leave in the order they came, and nothing is ever subtracted. The first
// `folded` items hold the sums of themselves and all after them among the folded; `rest` sums the others.
template <class Sum> class SlidingSum {
public:
    void push(const Sum& value) {
        items_.push_back(value);
        rest_.add(value);
    }
    void pop() {
        if (folded_ == 0) fold();
        items_.pop_front();
        folded_--;
    }
    Sum total() const {
        if (folded_ == 0) return rest_;
        Sum sum = items_[0];
        sum.add(rest_);
        return sum;
    }
    void prefetch() const { items_.prefetch(); }
    void save(Writer& out) const {
        items_.save(out);
        out.put(folded_);
        out.put(rest_);
    }
    void load(Reader& in) {
        items_.load(in);
        in.get(folded_);
        in.get(rest_);
        if (folded_ < 0 || folded_ > items_.size()) throw std::runtime_error("saved window is damaged");
    }

private:
    void fold() {
        for (int64_t i = items_.size() - 2; i >= 0; i--) items_[i].add(items_[i + 1]);
        folded_ = items_.size();
        rest_ = Sum();
    }
    Ring<Sum> items_;
    int64_t folded_ = 0;
    Sum rest_;
};

}  // namespace streamsql
