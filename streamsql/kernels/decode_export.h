/* Finished columns → one struct of Arrow's C data interface for all columns of a batch. Whoever imports it owns their
   memory: https://arrow.apache.org/docs/format/CDataInterface.html */
#pragma once
#include "decode_columns.h"

extern "C" struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void** buffers;
    struct ArrowArray** children;
    struct ArrowArray* dictionary;
    void (*release)(struct ArrowArray*);
    void* private_data;
};

namespace streamsql {

struct ExportedColumn {
    const void* buffers[3] = {nullptr, nullptr, nullptr};
    ~ExportedColumn() {
        for (const void* buffer : buffers) free(const_cast<void*>(buffer));
    }
};

struct ExportedBatch {
    std::vector<ArrowArray> columns;
    std::vector<ArrowArray*> places;
    const void* buffers[1] = {nullptr};
};

inline void release_column(ArrowArray* array) {
    delete static_cast<ExportedColumn*>(array->private_data);
    array->release = nullptr;
}

inline void release_batch(ArrowArray* array) {
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release) array->children[i]->release(array->children[i]);
    delete static_cast<ExportedBatch*>(array->private_data);
    array->release = nullptr;
}

/* The first `rows` values; the column gives its memory away. */
inline void export_column(Column& c, int64_t rows, ArrowArray* out) {
    std::unique_ptr<ExportedColumn> kept(new ExportedColumn);
    int64_t present = 0, ones = 0;
    uint8_t* validity = packed(c.valid, rows, &present);
    kept->buffers[0] = validity;
    if (present == rows) {
        free(validity);
        kept->buffers[0] = nullptr;
    } else if (!c.textual()) clear_nulls(c, rows);
    if (c.type == Type::boolean) {
        kept->buffers[1] = packed((uint8_t*)c.data, rows, &ones);
        free(c.data);
    } else if (c.textual()) {
        if (!c.data) c.data = resized(c.data, 0);
        kept->buffers[1] = c.offsets;
        kept->buffers[2] = c.data;
    } else kept->buffers[1] = c.data;
    free(c.valid);
    c.valid = nullptr, c.data = nullptr, c.offsets = nullptr;
    out->length = rows;
    out->null_count = rows - present;
    out->n_buffers = c.textual() ? 3 : 2;
    out->buffers = kept->buffers;
    out->release = release_column;
    out->private_data = kept.release();
}

/* All rows read so far; a new batch begins. On an exception the rows are lost, and `out` is to be
   released. */
inline void export_batch(Columns& columns, ArrowArray* out) {
    const size_t n = columns.all.size();
    *out = ArrowArray{};
    auto* kept = new ExportedBatch;
    out->private_data = kept;
    out->release = release_batch;
    kept->columns.resize(n, ArrowArray{});
    for (ArrowArray& column : kept->columns) kept->places.push_back(&column);
    out->length = columns.row;
    out->n_buffers = 1;
    out->buffers = kept->buffers;
    out->n_children = (int64_t)n;
    out->children = kept->places.data();
    try {
        for (size_t i = 0; i < n; i++) export_column(columns.all[i], columns.row, &kept->columns[i]);
    } catch (...) {
        columns.release();  // some have given their memory away
        throw;
    }
    columns.start_batch();
}

}  // namespace streamsql
