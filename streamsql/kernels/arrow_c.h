// Arrow's C data interface: https://arrow.apache.org/docs/format/CDataInterface.html
// Columns that come from Arrow, read without an object for each, and columns made here, for whoever imports them.
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

// A column of 64-bit integers, for the caller to fill in.
inline int64_t* integer_column(int64_t rows, ArrowArray* out) {
    std::unique_ptr<MadeColumn> made(new MadeColumn);
    auto* values = reinterpret_cast<int64_t*>(made->allocate(1, rows * 8));
    give(std::move(made), rows, 0, 2, out);
    return values;
}

// One with integers that are all the same.
inline void fill_column(int64_t rows, int64_t value, ArrowArray* out) {
    std::fill_n(integer_column(rows, out), rows, value);
}

// An array or batch that lives in this place, until somebody takes it over.
struct OwnedArray {
    ArrowArray array{};
    OwnedArray() = default;
    OwnedArray(const OwnedArray&) = delete;
    ~OwnedArray() {
        if (array.release) array.release(&array);
    }
};

// Columns that are freed when the last of the batches that share them is gone. One that is not there (yet) is null.
using SharedColumns = std::vector<std::shared_ptr<OwnedArray>>;

// Column `number` as kernels see it; `layout` is the one that its type has.
inline ColumnView view_of_column(const SharedColumns& columns, size_t number, Layout layout) {
    const ArrowArray& array = columns[number]->array;
    ColumnView view;
    view.layout = layout;
    view.offset = array.offset;
    if (array.null_count && array.n_buffers > 0) view.validity = static_cast<const uint8_t*>(array.buffers[0]);
    if (array.n_buffers > 1) view.values = static_cast<const uint8_t*>(array.buffers[1]);
    if (array.n_buffers > 2) view.data = static_cast<const uint8_t*>(array.buffers[2]);
    return view;
}

inline int64_t nulls_of_column(const SharedColumns& columns, size_t number) { return columns[number]->array.null_count; }

inline bool has_column(const SharedColumns& columns, size_t number) { return columns[number] != nullptr; }

// A new last column, for the caller to fill in.
inline ArrowArray* add_column(SharedColumns& columns) {
    columns.push_back(std::make_shared<OwnedArray>());
    return &columns.back()->array;
}

// The columns of a batch that was handed over.
inline void take_columns(ArrowArray& batch, SharedColumns& columns) {
    columns.reserve(size_t(batch.n_children));
    for (int64_t i = 0; i < batch.n_children; i++) {
        *add_column(columns) = *batch.children[i];
        batch.children[i]->release = nullptr;
    }
}

struct LentBatch {
    std::vector<ArrowArray> columns;
    std::vector<ArrowArray*> places;
    const void* buffers[1] = {nullptr};
};

inline void release_lent_column(ArrowArray* array) {
    delete static_cast<std::shared_ptr<OwnedArray>*>(array->private_data);
    array->release = nullptr;
}

inline void release_lent_batch(ArrowArray* array) {
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release) array->children[i]->release(array->children[i]);
    delete static_cast<LentBatch*>(array->private_data);
    array->release = nullptr;
}

// A column, for somebody who imports it.
inline void lend_column(const std::shared_ptr<OwnedArray>& column, ArrowArray* out) {
    auto* owner = new std::shared_ptr<OwnedArray>(column);
    *out = column->array;
    out->private_data = owner;
    out->release = release_lent_column;
}

// A batch of these columns, for somebody who imports it; on an exception there is none.
inline void lend_columns(const SharedColumns& columns, int64_t rows, ArrowArray* out) {
    std::unique_ptr<LentBatch> lent(new LentBatch);
    lent->columns.resize(columns.size(), ArrowArray{});
    lent->places.reserve(columns.size());
    for (ArrowArray& column : lent->columns) lent->places.push_back(&column);
    *out = ArrowArray{};
    out->length = rows;
    out->n_buffers = 1;
    out->buffers = lent->buffers;
    out->n_children = static_cast<int64_t>(columns.size());
    out->children = lent->places.data();
    out->release = release_lent_batch;
    out->private_data = lent.release();
    try {
        for (size_t i = 0; i < columns.size(); i++) lend_column(columns[i], out->children[i]);
    } catch (...) {
        out->release(out);
        throw;
    }
}

}  // namespace streamsql
