/* The JSON paths of a schema as one tree: which places of a document are wanted, and by which columns.

   Keys are found by prediction first: each name remembers which name followed it last time, and one comparison of
   its quoted text proves the guess. Only a wrong guess costs a hash lookup. */
#pragma once
#include <deque>

#include "decode_usual.h"

namespace streamsql {

struct Node;

struct Name {
    std::string quoted;  // `"PRICE"`, zero padded
    size_t size;         // of `quoted` without the padding
    bool plain;          // short, and written in JSON as it is: may be compared with the text of a document
    Node* node;
    Name* next;          // the name that followed this one last time
    uint32_t mask = 0;   // one bit per byte of `quoted`, if 16 bytes hold it
    int leaf = -1;       // the column, if the value is for one column and nothing below it is wanted
    uint64_t seen = 0;   // of a leaf: see Node
};

struct Node {
    std::vector<int> columns;                  // that take the value found here
    std::deque<Name> names;                    // object members below (stable addresses)
    std::vector<std::pair<int64_t, Node*>> indexes;  // single array elements below
    Node* each = nullptr;                      // the elements, one row each
    Name* first = nullptr;                     // the member expected first
    std::vector<Name*> table;                  // hash table of `names`, a power of two in size
    uint64_t seen = 0;                         // the last pass that met this node: met twice means a duplicate key
    std::vector<int> below;                    // all columns at and below, for taking them back

    bool inner() const { return !names.empty() || !indexes.empty() || each; }
};

inline uint64_t hash_bytes(const char* p, size_t n) {
    uint64_t h = n * 0x9E3779B97F4A7C15ULL;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        h = (h ^ w) * 0xFF51AFD7ED558CCDULL;
        h ^= h >> 32;
    }
    uint64_t w = 0;
    memcpy(&w, p, n);
    h = (h ^ w) * 0xFF51AFD7ED558CCDULL;
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
        const __m128i a = _mm_loadu_si128((const __m128i*)p), b = _mm_loadu_si128((const __m128i*)name.quoted.data());
        return ((uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) & name.mask) == name.mask;
    }
#endif
    return name.plain && memcmp(name.quoted.data(), p, name.size) == 0;
}

class PathTree {
    std::deque<Node> nodes_;

  public:
    PathTree() { nodes_.emplace_back(); }
    Node& root() { return nodes_[0]; }
    Node& node(size_t i) { return nodes_[i]; }

    size_t member(size_t parent, const std::string& name) {
        nodes_.emplace_back();
        std::string quoted = "\"" + name + "\"";
        const size_t size = quoted.size();
        bool plain = size <= PADDING;
        for (char c : name) plain = plain && (unsigned char)c >= 0x20 && c != '"' && c != '\\';
        quoted.append(PADDING, '\0');
        nodes_[parent].names.push_back({std::move(quoted), size, plain, &nodes_.back(), nullptr});
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
            build_table(node);
        }
    }

  private:
    static void build_table(Node& node) {
        if (node.names.empty()) return;
        size_t size = 4;
        while (size < node.names.size() * 2) size *= 2;
        node.table.assign(size, nullptr);
        Name* previous = nullptr;
        for (Name& name : node.names) {
            size_t i = hash_bytes(name.quoted.data() + 1, name.size - 2) & (size - 1);
            while (node.table[i]) i = (i + 1) & (size - 1);
            node.table[i] = &name;
            if (name.plain && name.size <= 16) name.mask = 0xFFFFu >> (16 - name.size);
            if (name.node->columns.size() == 1 && !name.node->inner()) name.leaf = name.node->columns[0];
            if (previous) previous->next = &name;
            else node.first = &name;
            previous = &name;
        }
    }
};

}  // namespace streamsql
