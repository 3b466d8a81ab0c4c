// Arrow's C data interface: https://arrow.apache.org/docs/format/CDataInterface.html
// Batches that come from Arrow, read without an object per column, and batches made here, for whoever imports them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "column_view.h"

extern "C" struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void** buffers;
    struct ArrowArray** children;
    struct ArrowArray* dictionary;
    void (*release)(struct ArrowArray*);
    void* private_data;
};

namespace streamsql {

// One column made here. Its memory comes from malloc and is freed with it.
struct MadeColumn {
    const void* buffers[3] = {nullptr, nullptr, nullptr};
    ~MadeColumn() {
        for (const void* buffer : buffers) free(const_cast<void*>(buffer));
    }
    // `size` bytes for buffer `number`.
    uint8_t* allocate(int number, int64_t size) {
        void* memory = malloc(size_t(size) + !size);
        if (!memory) throw std::bad_alloc();
        buffers[number] = memory;
        return static_cast<uint8_t*>(memory);
    }
};

inline void release_column(ArrowArray* array) {
    delete static_cast<MadeColumn*>(array->private_data);
    array->release = nullptr;
}

// Hands a finished column over to `out`.
inline void give(std::unique_ptr<MadeColumn> made, int64_t rows, int64_t nulls, int buffers, ArrowArray* out) {
    *out = ArrowArray{};
    out->length = rows;
    out->null_count = nulls;
    out->n_buffers = buffers;
    out->buffers = made->buffers;
    out->release = release_column;
    out->private_data = made.release();
}

// A column of 64-bit integers that are all the same.
inline void fill_column(int64_t rows, int64_t value, ArrowArray* out) {
    std::unique_ptr<MadeColumn> made(new MadeColumn);
    std::fill_n(reinterpret_cast<int64_t*>(made->allocate(1, rows * 8)), rows, value);
    give(std::move(made), rows, 0, 2, out);
}

struct MadeBatch {
    std::vector<ArrowArray> columns;
    std::vector<ArrowArray*> places;
    const void* buffers[1] = {nullptr};
};

inline void release_batch(ArrowArray* array) {
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release) array->children[i]->release(array->children[i]);
    delete static_cast<MadeBatch*>(array->private_data);
    array->release = nullptr;
}

// A batch of n columns, which are then put into `children`; releasing it is safe before they are.
inline void start_batch(int64_t rows, size_t n, ArrowArray* out) {
    std::unique_ptr<MadeBatch> made(new MadeBatch);
    made->columns.resize(n, ArrowArray{});
    made->places.reserve(n);
    for (ArrowArray& column : made->columns) made->places.push_back(&column);
    *out = ArrowArray{};
    out->length = rows;
    out->n_buffers = 1;
    out->buffers = made->buffers;
    out->n_children = static_cast<int64_t>(n);
    out->children = made->places.data();
    out->release = release_batch;
    out->private_data = made.release();
}

// An array or batch that lives in this place, until somebody imports it.
struct Lent {
    ArrowArray array{};
    Lent() = default;
    Lent(const Lent&) = delete;
    ~Lent() {
        if (array.release) array.release(&array);
    }
    // Column `number`, of the layout that its type has.
    ColumnView column(size_t number, Layout layout) const {
        const ArrowArray& from = *array.children[number];
        ColumnView view;
        view.layout = layout;
        view.offset = from.offset;
        if (from.null_count && from.n_buffers > 0) view.validity = static_cast<const uint8_t*>(from.buffers[0]);
        if (from.n_buffers > 1) view.values = static_cast<const uint8_t*>(from.buffers[1]);
        if (from.n_buffers > 2) view.data = static_cast<const uint8_t*>(from.buffers[2]);
        return view;
    }
};

// The column changes hands; the batch that it was in goes without.
inline void move_column(ArrowArray* from, ArrowArray* to) {
    *to = *from;
    from->release = nullptr;
}

}  // namespace streamsql
