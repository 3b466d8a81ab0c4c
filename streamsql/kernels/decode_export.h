/* Finished columns → the columns of a batch, which owns their memory. */
#pragma once
#include "arrow_c.h"
#include "decode_columns.h"

namespace streamsql {

/* The first `rows` values; the column gives its memory away. */
inline void export_column(Column& c, int64_t rows, ArrowArray* out) {
    std::unique_ptr<MadeColumn> kept(new MadeColumn);
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
    give(std::move(kept), rows, rows - present, c.textual() ? 3 : 2, out);
}

/* A column of a short batch. All of them are in one piece of memory: where one row comes at a time, asking for memory
   would cost more than reading it. */
struct ShortColumn {
    const void* buffers[3] = {nullptr, nullptr, nullptr};
    std::shared_ptr<char> memory;
};

constexpr int64_t SHORT_ROWS = 16;
constexpr size_t SHORT_TEXT = 4096, WORD = 8;

inline size_t in_words(size_t size) { return (size + WORD - 1) / WORD * WORD; }

/* Bytes that a column of a short batch takes at most: validity, values or offsets, text. */
inline size_t short_size(const Column& c, int64_t rows) {
    const size_t n = (size_t)rows;
    return WORD + (c.textual() ? in_words((n + 1) * sizeof(int32_t)) + in_words(c.used + PADDING) : in_words(n * (size_t)c.width()));
}

inline void release_short_column(ArrowArray* array) {
    delete (ShortColumn*)array->private_data;
    array->release = nullptr;
}

/* Copies the first `rows` values to `memory`; returns where the next column begins. */
inline char* export_short_column(Column& c, int64_t rows, char* at, const std::shared_ptr<char>& memory, ArrowArray* out) {
    std::unique_ptr<ShortColumn> made(new ShortColumn{{}, memory});
    const int64_t present = pack_bits(c.valid, rows, (uint8_t*)at);
    if (present < rows) made->buffers[0] = at;
    if (present < rows && !c.textual()) clear_nulls(c, rows);
    at += WORD;
    made->buffers[1] = at;
    if (c.textual()) {
        memcpy(at, c.offsets, (size_t)(rows + 1) * sizeof(int32_t));
        at += in_words((size_t)(rows + 1) * sizeof(int32_t));
        if (c.used) memcpy(at, c.data, c.used);
        made->buffers[2] = at;
        at += in_words(c.used + PADDING);
    } else {
        if (c.type == Type::boolean) pack_bits((uint8_t*)c.data, rows, (uint8_t*)at);
        else memcpy(at, c.data, (size_t)rows * (size_t)c.width());
        at += in_words((size_t)rows * (size_t)c.width());
    }
    *out = ArrowArray{};
    out->length = rows;
    out->null_count = rows - present;
    out->n_buffers = c.textual() ? 3 : 2;
    out->buffers = made->buffers;
    out->release = release_short_column;
    out->private_data = made.release();
    return at;
}

/* The rows as a short batch, if they are few; the columns keep their memory for the next ones. */
inline bool export_short_batch(Columns& columns, SharedColumns& out) {
    size_t size = 0, text = 0;
    if (columns.row > SHORT_ROWS || !columns.all_wanted()) return false;
    for (const Column& c : columns.all) size += short_size(c, columns.row), text += c.used;
    if (text > SHORT_TEXT) return false;
    std::shared_ptr<char> memory(resized((char*)nullptr, size), free);
    char* at = memory.get();
    for (Column& c : columns.all) at = export_short_column(c, columns.row, at, memory, add_column(out));
    columns.empty();
    return true;
}

/* All rows read so far, and nothing in place of columns that are not wanted; a new batch begins. On an exception the
   rows are lost. */
inline void export_batch(Columns& columns, SharedColumns& out) {
    out.reserve(columns.all.size());
    try {
        if (export_short_batch(columns, out)) return;
        for (Column& column : columns.all)
            if (column.wanted) export_column(column, columns.row, add_column(out));
            else out.emplace_back();
    } catch (...) {
        columns.release();  // some have given their memory away
        throw;
    }
    columns.start_batch();
}

}  // namespace streamsql
