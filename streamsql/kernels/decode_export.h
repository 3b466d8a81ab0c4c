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

/* All rows read so far; a new batch begins. On an exception the rows are lost. */
inline void export_batch(Columns& columns, SharedColumns& out) {
    out.reserve(columns.all.size());
    try {
        for (Column& column : columns.all) export_column(column, columns.row, add_column(out));
    } catch (...) {
        columns.release();  // some have given their memory away
        throw;
    }
    columns.start_batch();
}

}  // namespace streamsql
