/* What the readers of all formats share: bytes kept between two feeds, rejected records, the limit on a record.

   A reader consumes records one by one. A record that is wrong is rejected up to its line's end, and one that is
   longer than the limit is cut there and the rest of its line passed over, so memory stays bounded. */
#pragma once
#include <algorithm>

#include "decode_coerce.h"

namespace streamsql {

struct Rejected {
    int64_t before;  // rows of the batch that came first
    std::string record, message;
    bool coercion;   // a value that does not fit, as opposed to bytes that make no record
};

class Reader {
  public:
    Columns columns;
    std::vector<Rejected> rejects;
    int64_t records = 0;
    size_t max_record = 16 << 20;

    virtual ~Reader() { free(buffer_); }

    void feed(const char* data, size_t size) {
        bool fed = false;
        while (size) {
            const size_t done = begin_ == end_ ? in_place(data, size) : 0;
            data += done;
            size -= done;
            const size_t n = std::min(size, begin_ == end_ || fed ? SLICE : first_line(data, size));
            fed = true;
            append(data, n);
            data += n;
            size -= n;
            if (worth_a_try()) run(false);
        }
    }

    void finish() { run(true); }

    /* The bytes of the record that is not complete. */
    std::string waiting() const { return buffer_ ? std::string(buffer_ + begin_, end_ - begin_) : std::string(); }
    size_t waiting_size() const { return end_ - begin_; }
    bool started() const { return started_; }
    bool passing_over() const { return passing_over_; }

    /* Goes on where another reader of the same schema stopped, in place of the start. */
    void resume(const std::string& waiting, bool started, bool passing_over) {
        begin_ = end_ = tried_ = seen_ = 0;
        append(waiting.data(), waiting.size());
        started_ = started;
        passing_over_ = passing_over;
    }

  protected:
    std::string line_end_ = "\n";

    /* Reads whole records from p on, as long as they are of the usual kind; returns where the next begins. 64 more
       bytes behind `end` can be read, whatever they are. */
    virtual const char* usual_records(const char* p, const char*) { return p; }
    /* Whether there can be such records, now. */
    virtual bool has_usual_records() const { return false; }
    /* The bytes are others than at the last call of `record`, or elsewhere: nothing found in them holds. */
    virtual void forget_bytes() {}
    /* Reads the record at p, which is not the end; returns where the next begins, or null to wait for more bytes. */
    virtual const char* record(const char* p, const char* end, bool last) = 0;
    /* Passes over what may stand between two records. */
    virtual const char* between(const char* p, const char* end, bool last) = 0;
    /* Whether the record that waits may end in the new bytes [from, to); false only saves time.
       `first` says that the record begins at `from`. */
    virtual bool may_end(const char* from, const char* to, bool first) = 0;

    /* Rejects the bytes from p to the end of its line. */
    const char* reject_line(const char* p, const char* end, bool last, const std::string& message) {
        const size_t window = max_record + line_end_.size();  // the delimiter may follow the last allowed byte
        const char* limit = size_t(end - p) > window ? p + window : end;
        const char* line = std::search(p, limit, line_end_.begin(), line_end_.end());
        const bool found = line < limit;
        waiting_for_line_ = !found && size_t(end - p) < window && !last;
        if (waiting_for_line_) return nullptr;
        passing_over_ = !found && size_t(end - p) > max_record;
        if (passing_over_) line = p + max_record;
        const char* stop = found && line > p && line[-1] == '\r' ? line - 1 : line;
        rejects.push_back({columns.row, std::string(p, stop), message, false});
        records++;
        return found ? line + line_end_.size() : line;
    }

    /* Ends the record [p, end) for which a value did not fit: none of its rows stay. */
    void reject_coercion(const char* p, const char* end, int64_t first_row) {
        auto& failures = columns.failures;
        const Failure f = *std::min_element(failures.begin(), failures.end(), [](const Failure& a, const Failure& b) { return a.column < b.column; });
        std::string message = "For input string: \"";
        const Text shown = first_characters(f.value, 200);
        message.append(shown.begin, shown.size());
        if (shown.end < f.value.end) message += "...";
        message += "\" (" + columns.all[(size_t)f.column].described + (f.range ? ": out of range)" : ")");
        columns.roll_back(first_row);
        rejects.push_back({first_row, std::string(p, end), message, true});
    }

  private:
    static constexpr size_t SLICE = 1 << 18, SMALL = 1 << 16;
    char* buffer_ = nullptr;
    size_t begin_ = 0, end_ = 0, room_ = 0;
    size_t tried_ = 0, seen_ = 0;  // bytes of the waiting record at the last reading, and already looked at
    bool started_ = false, passing_over_ = false, waiting_for_line_ = false;

    /* Reads usual records where they are, when none waits; returns how many bytes that took. */
    size_t in_place(const char* data, size_t size) {
        if (size < SMALL || !started_ || passing_over_ || !has_usual_records()) return 0;
        const char *p = data, *const end = data + size - PADDING;
        while (p < end) {
            const char* next = usual_records(p, end);
            if (next == p) break;
            p = next;
        }
        return size_t(p - data);
    }

    /* How many bytes may complete the record that waits, so that those after it can be read in place. */
    size_t first_line(const char* data, size_t size) const {
        const void* line = has_usual_records() ? memchr(data, line_end_.back(), size) : nullptr;
        return std::min(SLICE, line ? size_t((const char*)line - data) + 1 : size);
    }

    void append(const char* data, size_t n) {
        if (end_ + n > room_ || !buffer_) {
            if (begin_) memmove(buffer_, buffer_ + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
            if (end_ + n > room_ || !buffer_) {
                const size_t room = (end_ + n) * 3 / 2;
                buffer_ = resized(buffer_, room + PADDING);
                room_ = room;
            }
        }
        memcpy(buffer_ + end_, data, n);
        end_ += n;
        memset(buffer_ + end_, 0, PADDING);
    }

    /* A long unfinished record is read again only when it may be whole, or when it has doubled: linear in all. */
    bool worth_a_try() {
        const size_t waiting = end_ - begin_;
        if (tried_ <= SMALL || passing_over_) return true;
        const char* p = buffer_ + begin_;
        bool may = false;
        if (waiting_for_line_) {
            const size_t overlap = std::min(seen_, line_end_.size() - 1);
            may = std::search(p + seen_ - overlap, p + waiting, line_end_.begin(), line_end_.end()) < p + waiting;
        } else may = may_end(p + seen_, p + waiting, seen_ == 0);
        seen_ = waiting;
        return may || waiting >= 2 * tried_ || waiting > max_record;
    }

    void run(bool last) {
        if (!buffer_) append("", 0);
        const char *p = buffer_ + begin_, *end = buffer_ + end_;
        if (!started_ && !skip_mark(&p, end, last)) return;
        forget_bytes();
        while (p < end) {
            if (passing_over_) {
                const char* line = std::search(p, end, line_end_.begin(), line_end_.end());
                if (line == end) {  // the delimiter itself may be cut in two
                    const size_t kept = std::min<size_t>(line_end_.size() - 1, (size_t)(end - p));
                    p = last ? end : end - kept;
                    break;
                }
                p = line + line_end_.size();
                passing_over_ = false;
            }
            p = between(p, end, last);
            if (p >= end) break;
            const char* next = usual_records(p, end);
            if (next == p) {
                columns.reserve();
                columns.arena.clear();
                next = record(p, end, last);
            }
            if (!next) break;
            p = next;
        }
        if ((size_t)(p - buffer_) != begin_) seen_ = 0;
        begin_ = (size_t)(p - buffer_);
        if (begin_ == end_) begin_ = end_ = 0, memset(buffer_, 0, PADDING);
        tried_ = end_ - begin_;
    }

    /* A byte-order mark at the very start is no data; false while it may still be coming. */
    bool skip_mark(const char** p, const char* end, bool last) {
        static const char mark[] = "\xEF\xBB\xBF";
        const size_t n = std::min<size_t>(3, (size_t)(end - *p));
        if (memcmp(*p, mark, n) == 0) {
            if (n < 3 && !last) return false;
            if (n == 3) *p += 3;
        }
        started_ = true;
        return true;
    }
};

}  // namespace streamsql
