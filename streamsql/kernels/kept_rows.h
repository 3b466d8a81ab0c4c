// Rows that lie in several batches, fetched by number.
#pragma once

#include "arrow_c.h"
#include "chosen_rows.h"

namespace streamsql {

// Where a row lies.
struct Place {
    int32_t chunk;
    int32_t row;
};

// The places of rows by their numbers: those of chunk i end before ends[i], those of the first begin at `first`. -1,
// no row, gets the place behind the last chunk.
inline std::vector<Place> places_of(const int64_t* numbers, int64_t n, int64_t first, const std::vector<int64_t>& ends) {
    const int32_t chunks = int32_t(ends.size());
    std::vector<Place> places(n);
    int32_t chunk = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t number = numbers[i];
        if (number < 0) {
            places[i] = {chunks, 0};
            continue;
        }
        if (chunk == chunks || number >= ends[chunk] || number < (chunk ? ends[chunk - 1] : first))
            chunk = int32_t(std::upper_bound(ends.begin(), ends.end(), number) - ends.begin());
        if (chunk == chunks || number < first) throw std::out_of_range("a row that is not kept");
        places[i] = {chunk, int32_t(number - (chunk ? ends[chunk - 1] : first))};
    }
    return places;
}

// One column of the chunks, and behind them one with a single row, which is null.
class KeptColumn {
public:
    KeptColumn(Layout layout, std::vector<ColumnView> chunks, const std::vector<int64_t>& lengths)
        : layout_(layout), chunks_(std::move(chunks)) {
        static constexpr uint8_t NOTHING[16] = {};
        ColumnView nothing;
        nothing.layout = layout;
        nothing.validity = nothing.values = nothing.data = NOTHING;
        chunks_.push_back(nothing);
        if (layout != Layout::Bytes) return;
        for (size_t i = 0; i < lengths.size(); i++)  // an array without rows may have no offsets
            ends_.push_back(chunks_[i].data + (lengths[i] ? chunks_[i].at<int32_t>(lengths[i]) : 0));
        ends_.push_back(NOTHING);
    }

    void gather(const std::vector<Place>& places, ArrowArray* out) const {
        const int64_t n = int64_t(places.size());
        std::unique_ptr<MadeColumn> made(new MadeColumn);
        if (layout_ == Layout::Null) return give(std::move(made), n, n, 0, out);
        const int64_t nulls = validity(places, *made);
        if (layout_ == Layout::Bytes) {
            texts(places, *made);
            return give(std::move(made), n, nulls, 3, out);
        }
        const int width = width_of(layout_);
        uint8_t* values = made->allocate(1, width ? n * width : (n + 7) / 8);
        switch (width) {
            case 0: bits(places, values, [](const ColumnView& chunk, int32_t row) { return chunk.bit(row); }); break;
            case 1: fixed<uint8_t>(places, values); break;
            case 2: fixed<uint16_t>(places, values); break;
            case 4: fixed<uint32_t>(places, values); break;
            case 8: fixed<uint64_t>(places, values); break;
            default: fixed<int128>(places, values);
        }
        give(std::move(made), n, nulls, 2, out);
    }

private:
    Layout layout_;
    std::vector<ColumnView> chunks_;
    std::vector<const uint8_t*> ends_;  // of the bytes of texts

    template <class T> void fixed(const std::vector<Place>& places, uint8_t* out) const {
        std::vector<const uint8_t*> values;
        for (const ColumnView& chunk : chunks_) values.push_back(chunk.values + chunk.offset * int64_t(sizeof(T)));
        for (const Place& place : places) {
            std::memcpy(out, values[place.chunk] + place.row * int64_t(sizeof(T)), sizeof(T));
            out += sizeof(T);
        }
    }

    template <class Bit> void bits(const std::vector<Place>& places, uint8_t* out, Bit bit) const {
        std::memset(out, 0, (places.size() + 7) / 8);
        for (size_t i = 0; i < places.size(); i++)
            out[i >> 3] |= uint8_t(bit(chunks_[places[i].chunk], places[i].row) << (i & 7));
    }

    // Writes which rows have a value if not all have one; returns how many have none.
    int64_t validity(const std::vector<Place>& places, MadeColumn& made) const {
        const int32_t nowhere = int32_t(chunks_.size()) - 1;
        bool complete = std::none_of(chunks_.begin(), chunks_.end() - 1, [](const ColumnView& c) { return c.validity; });
        complete = complete && std::none_of(places.begin(), places.end(), [=](Place p) { return p.chunk == nowhere; });
        if (complete) return 0;
        int64_t nulls = 0;
        bits(places, made.allocate(0, int64_t(places.size() + 7) / 8), [&nulls](const ColumnView& chunk, int32_t row) {
            const bool valid = chunk.valid(row);
            nulls += !valid;
            return valid;
        });
        return nulls;
    }

    void texts(const std::vector<Place>& places, MadeColumn& made) const {
        auto* offsets = reinterpret_cast<int32_t*>(made.allocate(1, int64_t(places.size() + 1) * 4));
        int64_t sum = 0;
        *offsets++ = 0;
        for (const Place& place : places) *offsets++ = int32_t(sum += int64_t(chunks_[place.chunk].bytes(place.row).size()));
        if (sum > INT32_MAX) throw std::overflow_error("more than 2 GiB of text in one batch");
        uint8_t* out = made.allocate(2, sum + 16);
        for (const Place& place : places) out = copy_text(chunks_[place.chunk].bytes(place.row), ends_[place.chunk], out);
    }
};

// The rows at `places` of a column, of which `chunks` are the pieces. Raises overflow_error for more than 2 GiB of text.
inline void gather_kept(Layout layout, const std::vector<ColumnView>& chunks, const std::vector<int64_t>& lengths,
                        const std::vector<Place>& places, ArrowArray* out) {
    KeptColumn(layout, chunks, lengths).gather(places, out);
}

}  // namespace streamsql
