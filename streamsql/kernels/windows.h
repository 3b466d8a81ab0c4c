// Windows that open with a row of their key: which window each row is in, and which windows are over.
#pragma once

#include <algorithm>

#include "state_bytes.h"

namespace streamsql {

// Windows in the order of their ends, then of their opening. The end of a window may be put off.
// Whoever opens one closes up to its first row at the latest before it asks for anything else, so the open windows
// are those that end after what was closed.
class WindowQueue {
public:
    int64_t size() const { return static_cast<int64_t>(ends_.size()); }
    int64_t end_of(int32_t window) const { return ends_[window]; }

    int32_t open(int64_t end) {
        int32_t window = static_cast<int32_t>(ends_.size());
        ends_.push_back(end);
        push({end, window});
        return window;
    }
    void put_off(int32_t window, int64_t end) { ends_[window] = end; }

    // The end of the window that closes first; `none` when no window is open.
    int64_t next(int64_t none) {
        while (!heap_.empty() && ends_[heap_.front().window] != heap_.front().end) {
            Item item = pop();
            push({ends_[item.window], item.window});
        }
        return heap_.empty() ? none : heap_.front().end;
    }

    // Takes the windows that end at `time` or before off the queue.
    void close(int64_t time, std::vector<int32_t>& closed) {
        while (next(INT64_MAX) <= time && !heap_.empty()) closed.push_back(pop().window);
        closed_ = std::max(closed_, time);
    }

    // The windows still open, in the order of opening; they become 0, 1, 2 … by `renumber`.
    std::vector<int32_t> open_windows() const {
        std::vector<int32_t> windows;
        windows.reserve(heap_.size());
        for (size_t window = 0; window < ends_.size(); window++)
            if (ends_[window] > closed_) windows.push_back(static_cast<int32_t>(window));
        return windows;
    }
    void renumber(const std::vector<int32_t>& kept) {
        std::vector<int64_t> ends;
        ends.reserve(kept.size());
        for (int32_t window : kept) ends.push_back(ends_[window]);
        ends_.swap(ends);
        line_up();
    }

    // Closed windows too: leaving them out would take longer than copying them.
    void save(Writer& out) const {
        out.put(closed_);
        out.put(ends_);
    }
    void load(Reader& in) {
        in.get(closed_);
        in.get(ends_);
        line_up();
    }

private:
    struct Item {
        int64_t end;
        int32_t window;
        bool operator<(const Item& other) const {  // std heaps have the greatest in front
            return end != other.end ? end > other.end : window > other.window;
        }
    };
    void line_up() {
        heap_.clear();
        for (size_t window = 0; window < ends_.size(); window++)
            if (ends_[window] > closed_) heap_.push_back({ends_[window], static_cast<int32_t>(window)});
        std::make_heap(heap_.begin(), heap_.end());
    }
    void push(Item item) {
        heap_.push_back(item);
        std::push_heap(heap_.begin(), heap_.end());
    }
    Item pop() {
        std::pop_heap(heap_.begin(), heap_.end());
        Item item = heap_.back();
        heap_.pop_back();
        return item;
    }
    int64_t closed_ = INT64_MIN;  // windows that end here or before are closed
    std::vector<int64_t> ends_;
    std::vector<Item> heap_;
};

// One open window per key. It ends when the row that opened it says, or (`extend`) when the last row in it says.
class KeyedWindows {
public:
    explicit KeyedWindows(bool extend) : extend_(extend) {}

    WindowQueue queue;

    // The window of each row. `keys` < `total`; negative: the row is in no window. `ends`: when a window of this
    // row would end.
    void assign(int64_t n, const int32_t* keys, int64_t total, const int64_t* times, const int64_t* ends,
                int32_t* windows) {
        if (total > static_cast<int64_t>(current_.size())) current_.resize(total, -1);
        for (int64_t i = 0; i < n; i++) {
            if (keys[i] < 0) {
                windows[i] = -1;
                continue;
            }
            int32_t& window = current_[keys[i]];
            if (window < 0 || times[i] >= queue.end_of(window)) {
                window = queue.open(ends[i]);
                keys_.push_back(keys[i]);
            } else if (extend_) {
                queue.put_off(window, ends[i]);
            }
            windows[i] = window;
        }
    }

    int32_t key_of(int32_t window) const { return keys_[window]; }

    // Forgets closed windows, and keys without an open one. Returns through the arguments the windows and keys
    // that stay, in the order in which they become 0, 1, 2 …
    void compact(std::vector<int32_t>& windows, std::vector<int32_t>& kept_keys) {
        windows = queue.open_windows();
        for (int32_t window : windows) kept_keys.push_back(keys_[window]);
        queue.renumber(windows);
        // A key has at most one open window, so windows and keys are numbered alike.
        current_.resize(windows.size());
        keys_.resize(windows.size());
        for (size_t i = 0; i < windows.size(); i++) current_[i] = keys_[i] = static_cast<int32_t>(i);
    }

    void save(Writer& out) const {
        queue.save(out);
        out.put(keys_);
        out.put<uint64_t>(current_.size());
    }
    void load(Reader& in) {
        uint64_t total;
        queue.load(in);
        in.get(keys_);
        in.get(total);
        if (keys_.size() != static_cast<size_t>(queue.size()) || total > INT32_MAX)
            throw std::runtime_error("saved windows are damaged");
        current_.assign(total, -1);
        for (size_t window = 0; window < keys_.size(); window++) {
            if (static_cast<uint64_t>(keys_[window]) >= total) throw std::runtime_error("saved windows are damaged");
            current_[keys_[window]] = static_cast<int32_t>(window);
        }
    }

private:
    bool extend_;
    std::vector<int32_t> current_;  // key → its newest window
    std::vector<int32_t> keys_;     // window → key
};

}  // namespace streamsql
