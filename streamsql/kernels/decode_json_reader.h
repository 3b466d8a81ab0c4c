/* A stream of JSON documents → rows of the columns that a path tree names. */
#pragma once
#include "decode_json.h"
#include "decode_reader.h"

namespace streamsql {

class JsonReader : public Reader {
  public:
    PathTree tree;
    Node* each = nullptr;  // the elements that become rows, if an array is flattened

    JsonReader() : parser_(tree, columns) {}

    void finish_schema(int64_t each_node) {
        tree.finish();
        if (each_node < 0) return;
        each = &tree.node((size_t)each_node);
        for (int i : each->below) columns.all[(size_t)i].repeated = false;
    }

  protected:
    const char* between(const char* p, const char*, bool) override { return JsonParser::blanks(p); }

    const char* record(const char* p, const char* end, bool last) override {
        if (unlikely(*p != '{' && *p != '[')) return reject_line(p, end, last, "expected a JSON object");
        const char* stop = parser_.document(p);
        if (likely(stop && size_t(stop - p) <= max_record)) {
            accept(p, stop);
            return stop;
        }
        columns.roll_back(columns.row);
        const bool long_ = size_t((stop ? stop : parser_.error) - p) >= max_record;
        if (!stop && !long_ && parser_.error >= end && !last) return nullptr;
        return reject_line(p, end, last, complaint(p, end, long_));
    }

    /* Whether the brackets of the waiting document close. */
    bool may_end(const char* from, const char* to, bool first) override {
        if (first) scan_ = Scan();
        bool closed = false;
        for (const char* p = from; p < to; p++) {
            if (scan_.escaped) scan_.escaped = false;
            else if (scan_.inside) {
                scan_.escaped = *p == '\\';
                scan_.inside = *p != '"';
            } else if (*p == '"') scan_.inside = true;
            else if (*p == '{' || *p == '[') scan_.depth++;
            else if (*p == '}' || *p == ']') closed |= --scan_.depth <= 0;
        }
        return closed;
    }

  private:
    static constexpr size_t EXPANSION = 256 << 20;  // bytes that one record may copy by repeating its columns
    struct Scan {
        int64_t depth = 0;
        bool inside = false, escaped = false;
    };
    JsonParser parser_;
    Scan scan_;

    std::string complaint(const char* p, const char* end, bool too_long) {
        if (too_long) return "the record is longer than " + std::to_string(max_record) + " bytes";
        if (parser_.error >= end) return "the JSON document is not finished";
        return "expected " + std::string(parser_.complaint) + " at byte " + std::to_string(parser_.error - p + 1);
    }

    void accept(const char* p, const char* stop) {
        records++;
        const int64_t first = columns.row;
        if (likely(!each) || !flatten(p, stop, first)) {
            if (unlikely(!columns.failures.empty())) reject_coercion(p, stop, first);
            else columns.commit();
        }
    }

    /* One row per element; false when there is none, so that the record gives one row. */
    bool flatten(const char* p, const char* stop, int64_t first) {
        const Text array = parser_.flattened;
        if (!array.begin) return false;
        const bool single = *array.begin != '[';
        const char* q = single ? array.begin : JsonParser::blanks(array.begin + 1);
        if (!single && *q == ']') return false;
        const size_t cost = columns.repeated_bytes();
        for (size_t copied = 0;; copied += cost) {
            columns.reserve();
            if (columns.row != first) columns.repeat(first);
            q = parser_.element(q, *each);
            if (unlikely(!columns.failures.empty())) { reject_coercion(p, stop, first); return true; }
            if (unlikely(copied > EXPANSION)) { reject_expansion(p, stop, first); return true; }
            columns.commit(true);
            if (single) break;
            q = JsonParser::blanks(q);
            if (*q == ']') break;
            q = JsonParser::blanks(q + 1);
        }
        columns.end_record();
        return true;
    }

    void reject_expansion(const char* p, const char* stop, int64_t first) {
        columns.roll_back(first);
        rejects.push_back({first, std::string(p, stop), "the record's rows would take more than 256 MiB", false});
    }
};

}  // namespace streamsql
