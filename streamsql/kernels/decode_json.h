/* JSON documents, one after the other, → rows.

   A document is an object or array. A document that is wrong costs the rest of the line it starts on: those bytes are
   rejected and reading goes on after the next newline. Whether a document is wrong, and where it ends, depends on
   its bytes alone, never on how they were cut into pieces. */
#pragma once
#include "decode_paths.h"

namespace streamsql {

constexpr int MAX_DEPTH = 128;

class JsonParser {
  public:
    JsonParser(PathTree& tree, Columns& columns) : tree_(tree), columns_(columns) {}

    const char* error = nullptr;       // the first byte that cannot be, after a failure
    const char* complaint = nullptr;   // what was expected there
    Text flattened{nullptr, nullptr};  // the value whose elements become rows

    /* Reads the document at p; returns its end, or null with `error` set. */
    const char* document(const char* p) {
        error = nullptr;
        flattened.begin = nullptr;
        pass_++;
        return value(p, tree_.root(), 0);
    }

    /* Reads one element of the flattened array, known to be well-formed. */
    const char* element(const char* p, Node& each) {
        pass_++;
        return value(p, each, 1);
    }

    static const char* blanks(const char* p) {
        while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') p++;
        return p;
    }

    /* Checks one value of any kind and passes over it. */
    const char* skip(const char* p, int depth) {
        switch (*p) {
        case '"': return skip_string(p);
        case '{': return skip_object(p, depth);
        case '[': return skip_array(p, depth);
        case 't': return literal(p, "true", 4);
        case 'f': return literal(p, "false", 5);
        case 'n': return literal(p, "null", 4);
        default: return skip_number(p);
        }
    }

  private:
    struct String {
        Text raw;
        bool escaped;
    };

    PathTree& tree_;
    Columns& columns_;
    uint64_t pass_ = 0;

    const char* wrong(const char* p, const char* what) {
        error = p;
        complaint = what;
        return nullptr;
    }

    const char* literal(const char* p, const char* text, int n) {
        for (int i = 0; i < n; i++)
            if (p[i] != text[i]) return wrong(p + i, "a value");
        return p + n;
    }

    bool number(const char*& p, Number& n) {
        if (*p != '-' && !is_digit(*p)) return wrong(p, "a value") != nullptr;
        if (likely(read_json_number(p, n))) return true;
        return wrong(p, "a digit") != nullptr;
    }

    /* The string whose opening quote is at p; returns the byte after the closing quote. */
    const char* string(const char* p, String& s) {
        bool high = false;
        s.escaped = false;
        s.raw.begin = ++p;
        for (;;) {
            p = string_stop(p, &high);
            if (likely(*p == '"')) break;
            if (*p != '\\') return wrong(p, "the rest of a string");
            s.escaped = true;
            if (p[1] == 'u') {
                if (unlikely(four_hex(p + 2) < 0)) {
                    p += 2;
                    while (hex_value(*p) >= 0) p++;
                    return wrong(p, "four hex digits");
                }
                p += 6;
            } else {
                if (!escaped_byte(p[1])) return wrong(p + 1, "an escape");
                p += 2;
            }
        }
        s.raw.end = p;
        if (unlikely(high) && !valid_utf8(s.raw.begin, s.raw.end)) return wrong(s.raw.begin, "UTF-8");
        return p + 1;
    }

    Text plain(const String& s) {
        if (likely(!s.escaped)) return s.raw;
        char* o = columns_.arena.take(s.raw.size());
        char* end = unescape(s.raw, o);
        memset(end, 0, PADDING);  // as behind every piece of the arena
        return {o, end};
    }

    const char* skip_string(const char* p) {
        bool high = false;
        const char* stop = string_stop(p + 1, &high);
        if (likely(*stop == '"' && !high)) return stop + 1;
        String s;
        return string(p, s);
    }

    const char* skip_number(const char* p) {
        uint64_t mantissa;
        int places;
        const char* digits = p + (*p == '-');
        const int size = *digits == '0' && is_digit(digits[1]) ? 0 : read_short(digits, &mantissa, &places);
        if (likely(size != 0)) return digits + size;
        Number n;
        return number(p, n) ? p : nullptr;
    }

    const char* skip_object(const char* p, int depth) {
        if (depth >= MAX_DEPTH) return wrong(p, "fewer than 128 levels");
        p = blanks(p + 1);
        if (*p == '}') return p + 1;
        for (;;) {
            if (*p != '"') return wrong(p, "a key in quotes");
            if (!(p = skip_string(p))) return nullptr;
            p = blanks(p);
            if (*p != ':') return wrong(p, "':'");
            if (!(p = skip(blanks(p + 1), depth + 1))) return nullptr;
            p = blanks(p);
            if (*p == '}') return p + 1;
            if (*p != ',') return wrong(p, "',' or '}'");
            p = blanks(p + 1);
        }
    }

    const char* skip_array(const char* p, int depth) {
        if (depth >= MAX_DEPTH) return wrong(p, "fewer than 128 levels");
        p = blanks(p + 1);
        if (*p == ']') return p + 1;
        for (;;) {
            if (!(p = skip(p, depth + 1))) return nullptr;
            p = blanks(p);
            if (*p == ']') return p + 1;
            if (*p != ',') return wrong(p, "',' or ']'");
            p = blanks(p + 1);
        }
    }

    /* A value that only one column wants, of its usual shape: returns its end; null asks for `leaf`. */
    const char* usual(const char* p, int column) {
        Column& c = columns_.all[(size_t)column];
        if (*p == '"') {
            const char* end = nullptr;
            if (c.usual == Usual::text) {
                bool high = false;
                const char* stop = string_stop(p + 1, &high);
                if (likely(*stop == '"') && (likely(!high) || valid_utf8(p + 1, stop))) end = c.wanted ? columns_.usual_text(c, p + 1, stop) : stop;
            } else if (c.usual == Usual::stamp) {
                // what the quotes hold is a time, or the last byte is none of it
                const char* stop = p + (p[24] == '"' ? 24 : p[20] == '"' ? 20 : p[25] == '"' ? 25 : p[27] == '"' ? 27 : p[21] == '"' ? 21 : 28);
                if (likely(*stop == '"' && columns_.usual_stamp(c, {p + 1, stop}))) end = stop;
            }
            return likely(end != nullptr) ? end + 1 : nullptr;
        }
        if (*p == 'n' && memcmp(p, "null", 4) == 0) {
            columns_.set_null(c);
            return p + 4;
        }
        if (c.usual == Usual::truth) return columns_.usual_truth(c, p);
        if (unlikely(c.usual < Usual::real || c.usual > Usual::decimal)) return nullptr;
        if (unlikely(p[*p == '-'] == '0' && is_digit(p[1 + (*p == '-')]))) return nullptr;  // a zero in front is wrong
        return likely(c.wanted) ? columns_.usual_number(c, p) : columns_.fitting_number(c, p);
    }

    /* A value that only one column wants. */
    __attribute__((noinline)) const char* leaf(const char* p, int column, int depth) {
        const char* start = p;
        const char c = *p;
        if (c == '"') {
            String s;
            if (!(p = string(p, s))) return nullptr;
            columns_.set_text(column, plain(s));
        } else if (is_digit(c) || c == '-') {
            Number n;
            if (!number(p, n)) return nullptr;
            columns_.set_number(column, n, {start, p});
        } else if (c == '{' || c == '[') {
            if (!(p = skip(p, depth))) return nullptr;
            columns_.set_container(column, {start, p});
        } else if (c == 'n') {
            if (!(p = literal(p, "null", 4))) return nullptr;
            columns_.set_null(columns_.all[(size_t)column]);
        } else {
            if (!(p = skip(p, depth))) return nullptr;
            columns_.set_boolean_literal(column, c == 't', {start, p});
        }
        return p;
    }

    /* Any value at a place that columns want, or that has such places below it. */
    const char* value(const char* p, Node& node, int depth) {
        if (unlikely(node.seen == pass_)) take_back(node);
        node.seen = pass_;
        if (node.each) {
            const char* end = skip(p, depth);
            if (!end) return nullptr;
            flattened = *p == 'n' ? Text{nullptr, nullptr} : Text{p, end};
            if (node.columns.empty() && node.names.empty() && node.indexes.empty()) return end;
        }
        if (likely(node.columns.size() == 1 && !node.inner())) return leaf(p, node.columns[0], depth);
        if (node.columns.empty() && *p == '{') return object(p, node, depth);
        const char* end = nullptr;
        for (int column : node.columns)
            if (!(end = leaf(p, column, depth))) return nullptr;
        if (*p == '{') return object(p, node, depth);
        if (*p == '[') return array(p, node, depth);
        return end ? end : skip(p, depth);
    }

    void take_back(Node& node) {
        for (int column : node.below) columns_.reset(column);
        if (has_each(node)) flattened.begin = nullptr;
    }

    static bool has_each(const Node& node) {
        if (node.each) return true;
        for (const Name& name : node.names)
            if (has_each(*name.node)) return true;
        for (const auto& index : node.indexes)
            if (has_each(*index.second)) return true;
        return false;
    }

    /* An object with wanted members. */
    const char* object(const char* p, Node& node, int depth) {
        if (unlikely(depth >= MAX_DEPTH)) return wrong(p, "fewer than 128 levels");
        p = blanks(p + 1);
        if (*p == '}') return p + 1;
        Name* guess = node.first;
        Name** slot = &node.first;
        for (;;) {
            if (unlikely(*p != '"')) return wrong(p, "a key in quotes");
            Name* name = guess;
            if (likely(name && matches(*name, p))) p += name->size;
            else if (!(p = key(p, node, &name))) return nullptr;
            if (unlikely(*p != ':')) {
                p = blanks(p);
                if (*p != ':') return wrong(p, "':'");
            }
            p++;
            if (*p <= ' ') p = blanks(p);
            if (likely(name != nullptr)) {
                *slot = name;
                slot = &name->next;
                guess = name->next;
                if (likely(name->leaf >= 0)) {
                    if (unlikely(name->seen == pass_)) columns_.reset(name->leaf);
                    name->seen = pass_;
                    const char* end = usual(p, name->leaf);
                    p = likely(end != nullptr) ? end : leaf(p, name->leaf, depth + 1);
                } else p = name->node ? value(p, *name->node, depth + 1) : skip(p, depth + 1);
            } else p = skip(p, depth + 1);
            if (unlikely(!p)) return nullptr;
            if (*p <= ' ') p = blanks(p);
            if (*p == '}') return p + 1;
            if (unlikely(*p != ',')) return wrong(p, "',' or '}'");
            p++;
            if (*p <= ' ') p = blanks(p);
        }
    }

    /* A key that was not foreseen: *name becomes the member it is, or null if that is not known. */
    const char* key(const char* p, Node& node, Name** name) {
        String s;
        if (!(p = string(p, s))) return nullptr;
        const Text text = plain(s);
        *name = find_name(node, text);
        if (unlikely(!*name)) *name = learn_name(node, text);
        return p;
    }

    /* An array with wanted places below: members without an index mean those of its first element. */
    const char* array(const char* p, Node& node, int depth) {
        if (depth >= MAX_DEPTH) return wrong(p, "fewer than 128 levels");
        p = blanks(p + 1);
        if (*p == ']') return p + 1;
        for (int64_t i = 0;; i++) {
            const char* end = nullptr;
            for (auto& index : node.indexes)
                if (index.first == i && !(end = value(p, *index.second, depth + 1))) return nullptr;
            if (i == 0 && !node.names.empty()) {
                if (*p == '{') end = object(p, node, depth + 1);
                else if (*p == '[') end = first_of(p, node, depth + 1);
                else end = skip(p, depth + 1);
                if (!end) return nullptr;
            }
            if (!end && !(end = skip(p, depth + 1))) return nullptr;
            p = blanks(end);
            if (*p == ']') return p + 1;
            if (*p != ',') return wrong(p, "',' or ']'");
            p = blanks(p + 1);
        }
    }

    /* As `array`, for a first element that is an array itself: only members count, its elements are not ours. */
    const char* first_of(const char* p, Node& node, int depth) {
        const char* end = skip(p, depth);
        if (!end) return nullptr;
        const char* q = p;
        while (*q == '[') q = blanks(q + 1);
        if (*q == '{' && !object(q, node, depth + 1)) return nullptr;
        return end;
    }
};

}  // namespace streamsql
