/* The JSON paths of a schema as one tree: which places of a document are wanted, and by which columns.

   Keys are found by prediction first: each name remembers which name followed it last time, and one comparison of
   its quoted text proves the guess. Only a wrong guess costs a hash lookup. Names that nobody wants are learned as they
   are met, up to a limit, so that they can be guessed too. */
#pragma once
#include <deque>

#include "decode_usual.h"

namespace streamsql {

struct Node;

struct Name {
    std::string quoted;  // `"PRICE"`, zero padded
    size_t size;         // of `quoted` without the padding
    bool plain;          // short, and written in JSON as it is: may be compared with the text of a document
    Node* node;          // null: nobody wants the value
    Name* next;          // the name that followed this one last time
    uint32_t mask = 0;   // one bit per byte of the first 16 of `quoted`, if 32 bytes hold it
    int leaf = -1;       // the column, if the value is for one column and nothing below it is wanted
    uint64_t seen = 0;   // of a leaf: see Node
};

struct Node {
    std::vector<int> columns;                  // that take the value found here
    std::deque<Name> names;                    // object members below (stable addresses)
    std::deque<Name> others;                   // members that nobody wants, as they were met
    std::vector<std::pair<int64_t, Node*>> indexes;  // single array elements below
    Node* each = nullptr;                      // the elements, one row each
    Name* first = nullptr;                     // the member expected first
    std::vector<Name*> table;                  // hash table of `names` and `others`, a power of two in size
    uint64_t seen = 0;                         // the last pass that met this node: met twice means a duplicate key
    std::vector<int> below;                    // all columns at and below, for taking them back

    bool inner() const { return !names.empty() || !indexes.empty() || each; }
};

/* Of n bytes at p, which has PADDING readable ones more. */
inline uint64_t hash_bytes(const char* p, size_t n) {
    uint64_t h = n * 0x9E3779B97F4A7C15ULL;
    for (; n >= 8; p += 8, n -= 8) {
        h = (h ^ eight_bytes(p)) * 0xFF51AFD7ED558CCDULL;
        h ^= h >> 32;
    }
    h = (h ^ (eight_bytes(p) & ((1ULL << 8 * n) - 1))) * 0xFF51AFD7ED558CCDULL;
    return h ^ h >> 32;
}

/* `key` is the text between the quotes, escapes undone. */
inline Name* find_name(const Node& node, Text key) {
    if (node.table.empty()) return nullptr;
    const size_t mask = node.table.size() - 1;
    for (size_t i = hash_bytes(key.begin, key.size()) & mask;; i = (i + 1) & mask) {
        Name* name = node.table[i];
        if (!name) return nullptr;
        if (name->size == key.size() + 2 && memcmp(name->quoted.data() + 1, key.begin, key.size()) == 0) return name;
    }
}

/* Whether the text at p (PADDING readable bytes) is the quoted name. */
inline bool matches(const Name& name, const char* p) {
#if defined(__SSE2__)
    if (likely(name.mask != 0)) {
        auto same = [&](size_t at) {
            const __m128i a = _mm_loadu_si128((const __m128i*)(p + at)), b = _mm_loadu_si128((const __m128i*)(name.quoted.data() + at));
            return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b));
        };
        return (same(0) & name.mask) == name.mask && (likely(name.size <= 16) || same(name.size - 16) == 0xFFFF);
    }
#endif
    return name.plain && memcmp(name.quoted.data(), p, name.size) == 0;
}

inline Name make_name(const std::string& name, Node* node) {
    std::string quoted = "\"" + name + "\"";
    const size_t size = quoted.size();
    bool plain = size <= PADDING;
    for (char c : name) plain = plain && (unsigned char)c >= 0x20 && c != '"' && c != '\\';
    quoted.append(PADDING, '\0');
    Name made{std::move(quoted), size, plain, node, nullptr};
    if (plain && size <= 32) made.mask = size < 16 ? 0xFFFFu >> (16 - size) : 0xFFFFu;
    return made;
}

inline void put_name(Node& node, Name* name) {
    const size_t mask = node.table.size() - 1;
    size_t i = hash_bytes(name->quoted.data() + 1, name->size - 2) & mask;
    while (node.table[i]) i = (i + 1) & mask;
    node.table[i] = name;
}

/* Builds the table anew, at most half full when one more name is in. */
inline void build_table(Node& node) {
    size_t size = 4;
    while (size < (node.names.size() + node.others.size() + 1) * 2) size *= 2;
    node.table.assign(size, nullptr);
    for (Name& name : node.names) put_name(node, &name);
    for (Name& name : node.others) put_name(node, &name);
}

/* A member that is not in the table, made one that can be guessed; null if there are too many, or it is long. */
inline Name* learn_name(Node& node, Text key) {
    constexpr size_t MOST = 256;
    if (node.others.size() >= MOST || key.size() + 2 > PADDING) return nullptr;
    node.others.push_back(make_name(std::string(key.begin, key.end), nullptr));
    build_table(node);
    return &node.others.back();
}

class PathTree {
    std::deque<Node> nodes_;

  public:
    PathTree() { nodes_.emplace_back(); }
    Node& root() { return nodes_[0]; }
    Node& node(size_t i) { return nodes_[i]; }

    size_t member(size_t parent, const std::string& name) {
        nodes_.emplace_back();
        nodes_[parent].names.push_back(make_name(name, &nodes_.back()));
        return nodes_.size() - 1;
    }
    size_t element(size_t parent, int64_t index) {
        nodes_.emplace_back();
        nodes_[parent].indexes.push_back({index, &nodes_.back()});
        return nodes_.size() - 1;
    }
    size_t elements(size_t parent) {
        nodes_.emplace_back();
        nodes_[parent].each = &nodes_.back();
        return nodes_.size() - 1;
    }

    /* Builds the lookup tables once all paths are in. Children come after their parents. */
    void finish() {
        for (size_t i = nodes_.size(); i-- > 0;) {
            Node& node = nodes_[i];
            node.below = node.columns;
            auto take = [&](Node* child) {
                node.below.insert(node.below.end(), child->below.begin(), child->below.end());
            };
            for (auto& name : node.names) take(name.node);
            for (auto& index : node.indexes) take(index.second);
            if (node.each) take(node.each);
            guess_names(node);
        }
    }

  private:
    /* The names are expected in the order in which the schema has them. */
    static void guess_names(Node& node) {
        if (!node.names.empty()) build_table(node);
        Name* previous = nullptr;
        for (Name& name : node.names) {
            if (name.node->columns.size() == 1 && !name.node->inner()) name.leaf = name.node->columns[0];
            if (previous) previous->next = &name;
            else node.first = &name;
            previous = &name;
        }
    }
};

}  // namespace streamsql
