// The forest: owns trees, samplers and the learning phase, and runs batches of records through them.
//
// Trees are independent, so a block of records goes through one tree after the other: rows up to and including the
// next one that enters the tree's sample are scored, the tree is updated, and so on. Trees are summed in fixed
// groups, in order, whatever the number of threads.
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "_paths.h"
#include "_points.h"
#include "_sampler.h"

namespace rcf {

struct Parameters {
    int columns, trees, sample_size;
    int64_t time_decay;
    int shingle;
    uint64_t seed;
};

// Where results go; any pointer may be null. `score` has a row per record, the others a row and column per value.
struct Results {
    double* score = nullptr;
    double* attribution = nullptr;
    double* strength = nullptr;
    uint8_t* high = nullptr;
};

class Forest {
  public:
    virtual ~Forest() = default;
    // Score each record, then learn it if `learn`. Throws std::bad_alloc before anything has changed.
    virtual void run(const double* records, size_t count, bool learn, int threads, Results results) = 0;
    virtual size_t bytes() const = 0;
    virtual std::string save() const = 0;
    // Into a fresh forest of the same parameters. Throws StateFault, or std::bad_alloc.
    virtual void load(const char* data, size_t size) = 0;
    int64_t records_seen = 0;
};

template <class Tree>
struct Member {
    Random random;
    Sampler sampler;
    Tree tree;
    size_t bytes() const { return sizeof(*this) + sampler.bytes() + tree.bytes(); }
};

template <class Tree>
class ForestOf final : public Forest {
  public:
    explicit ForestOf(const Parameters& p)
        : p_(p), tables_(p.sample_size), dimensions_(p.columns * p.shingle),
          learning_(size_t(p.sample_size) * dimensions_), kept_(size_t(p.shingle) * p.columns) {}

    void run(const double* records, size_t count, bool learn, int threads, Results results) override {
        if constexpr (std::is_same_v<Tree, LineTree>)
            if (count == 1 && !members_.empty() && !results.attribution) return run_one(*records, learn, results.score);
        Batch batch(*this, count, threads, results);
        if (learn && members_.empty() && learned_ + int64_t(count) >= p_.sample_size) batch.fresh = seeds();
        batch.points.begin(kept_.data(), kept_count_);
        for (size_t i = 0; i < count; i += batch.most) {
            size_t n = count - i < batch.most ? count - i : batch.most;
            batch.points.load(records + i * p_.columns, n);
            blank(batch, n);
            size_t from = learn ? collect(batch) : 0;
            if (!members_.empty() && from < batch.points.size()) grow(batch, from, learn);
            deliver(batch, from);
            if (learn) {
                records_seen += int64_t(batch.points.valid());
                learned_ += int64_t(batch.points.size() - from);
            }
            batch.points.finish();
            batch.results = shifted(batch.results, n);
        }
        if (!learn) return;
        kept_count_ = batch.points.kept_count();
        std::memcpy(kept_.data(), batch.points.kept(), size_t(kept_count_) * p_.columns * sizeof(double));
    }

    size_t bytes() const override {
        size_t sum = sizeof(*this) + learning_.bytes() + kept_.bytes();
        for (const auto& member : members_) sum += member.bytes();
        return sum;
    }

    std::string save() const override {
        Writer out;
        out.value(records_seen);
        out.value(learned_);
        out.value(uint16_t(kept_count_));
        out.values(kept_.data(), size_t(kept_count_) * p_.columns);
        if (members_.empty()) out.values(learning_.data(), size_t(learned_) * dimensions_);
        for (const auto& member : members_) {
            member.random.save(out);
            member.sampler.save(out);
            member.tree.save(out);
        }
        return out.take();
    }

    void load(const char* data, size_t size) override {
        Reader in(data, size);
        records_seen = in.value<int64_t>();
        learned_ = in.value<int64_t>();
        kept_count_ = in.value<uint16_t>();
        require(learned_ >= 0 && records_seen >= learned_, "the counts of records are wrong");
        require(kept_count_ == std::min<int64_t>(records_seen, p_.shingle - 1), "the shingle is wrong");
        require(learned_ == std::max<int64_t>(records_seen - (p_.shingle - 1), 0), "the counts of records are wrong");
        load_points(in, kept_.data(), size_t(kept_count_) * p_.columns);
        if (learned_ < p_.sample_size) {
            load_points(in, learning_.data(), size_t(learned_) * dimensions_);
        } else {
            members_ = seeds();
            learning_ = Array<double>();
            for (auto& member : members_) {
                member.random.load(in);
                member.sampler.load(in, learned_);
                member.tree.load(in);
            }
        }
        in.finish();
    }

  private:
    static void load_points(Reader& in, double* points, size_t count) {
        in.values(points, count);
        for (size_t i = 0; i < count; i++) require(std::fabs(points[i]) < HUGE_VAL, "a record is not finite");
    }

    static constexpr int MOST_GROUPS = 20;
    static constexpr int MOST_TREES = 1000;

    // What one call works with; allocated before the forest changes.
    struct Batch {
        Batch(const ForestOf& forest, size_t count, int threads, Results results)
            : most(std::min(std::max(count, size_t(1)), forest.block_size(results.attribution != nullptr))),
              threads(threads < forest.groups() ? threads : forest.groups()),
              points(forest.p_.columns, forest.p_.shingle, most), results(results),
              explained(results.attribution != nullptr),
              width(size_t(Tree::width_of(forest.dimensions_))),
              cells(most * (!explained ? 1 : width == 1 ? 2 : 2 + 2 * width)),
              parts(this->threads == 1 ? 1 : 2 * this->threads),
              sums(results.score ? cells * (1 + size_t(parts)) : 0),
              log_size(explained && width > 1 ? size_t(BLOCK) * size_t(forest.p_.sample_size) : 0),
              log(log_size * size_t(this->threads)) {}

        // Sums of a group, or for -1 the totals. A part serves one group after the other.
        Shares shares(int group) {
            double* at = sums.data() + (group < 0 ? 0 : size_t(1 + group % parts)) * cells;
            if (!explained) return {at};
            double* even = at + most * (1 + width);
            return {at, at + most, even, even + most};
        }

        size_t most;
        int threads;
        Points points;
        Results results;
        bool explained;
        size_t width;         // padded dimensions
        size_t cells;         // numbers in one set of sums
        int parts;            // sets of sums of groups: two per thread, so that none waits for a slower one
        Array<double> sums;   // the totals, then the parts
        size_t log_size;      // steps that a block of rows can take
        Array<Step> log;
        std::vector<Member<Tree>> fresh;
        std::mutex mutex;
        std::condition_variable turned;
        std::atomic<int> next_group{0};
        bool done[MOST_GROUPS] = {};  // groups whose sums are complete
        int turn = 0;         // the group whose sums are added next
    };

    // What `run` does with one number, without the arrays of a batch.
    void run_one(double x, bool learn, double* score) {
        bool finite = std::fabs(x) <= std::numeric_limits<double>::max();
        if (score) *score = finite ? score_of(Points::usable(x, Points::limit(1))) : std::numeric_limits<double>::quiet_NaN();
        if (!finite || !learn) return;
        x = Points::usable(x, Points::limit(1));
        for (auto& member : members_)
            if (member.sampler.next() == learned_) exchange(member, member.sampler.evict(member.random), &x, 0);
        records_seen++;
        learned_++;
    }

    double score_of(double x) const {
        const LineTree* trees[MOST_TREES];
        double scores[MOST_TREES], total = 0.0;
        for (int i = 0; i < p_.trees; i++) trees[i] = &members_[size_t(i)].tree;
        active_path->lines(trees, p_.trees, x, p_.sample_size, tables_, scores);
        for (int g = 0; g < groups(); g++) {
            double part = 0.0;
            for (int i = first_of(g); i < first_of(g + 1); i++) part += scores[i];
            total += part;
        }
        return total * scale();
    }

    // Records taken through the trees together: enough to make up for fetching each tree, few enough that they and
    // their sums stay near.
    size_t block_size(bool explained) const {
        size_t rows = explained ? 65536 / size_t(Tree::width_of(dimensions_)) : 65536 / size_t(p_.columns);
        return std::min<size_t>(std::max<size_t>(rows, explained ? 256 : 1024), 8192);
    }
    int groups() const { return p_.trees < MOST_GROUPS ? p_.trees : MOST_GROUPS; }

    int first_of(int group) const { return group * p_.trees / groups(); }
    double scale() const { return tables_.log2[size_t(p_.sample_size)] / double(p_.trees); }

    std::vector<Member<Tree>> seeds() const {
        std::vector<Member<Tree>> fresh;
        fresh.reserve(size_t(p_.trees));
        for (int i = 0; i < p_.trees; i++)
            fresh.push_back({Random::seeded(p_.seed, uint64_t(i)), Sampler(p_.sample_size, p_.time_decay),
                             Tree(p_.sample_size, dimensions_)});
        return fresh;
    }

    // Take points that are still part of the learning phase; returns how many.
    size_t collect(Batch& batch) {
        size_t i = 0;
        for (; learned_ < p_.sample_size && i < batch.points.size(); i++, learned_++)
            std::memcpy(learning_.data() + size_t(learned_) * dimensions_, batch.points.point(i), size_t(dimensions_) * sizeof(double));
        if (learned_ == p_.sample_size && members_.empty()) {
            members_ = std::move(batch.fresh);
            for (auto& member : members_) {
                member.sampler.fill(member.random);
                member.tree.build(learning_.data(), p_.sample_size, member.random);
            }
            learning_ = Array<double>();
        }
        return i;
    }

    // Run the block through all trees.
    void grow(Batch& batch, size_t from, bool learn) {
        if (batch.results.score) std::memset(batch.sums.data(), 0, batch.sums.bytes());
        batch.next_group = 0;
        batch.turn = 0;
        auto work = [&](int worker) {
            for (int g = batch.next_group++; g < groups(); g = batch.next_group++) {
                await_part(batch, g);
                for (int i = first_of(g); i < first_of(g + 1); i++)
                    walk(members_[size_t(i)], batch, from, learn, batch.shares(g), worker);
                add(batch, g);
            }
        };
        std::vector<std::thread> helpers;
        try {
            for (int i = 1; i < batch.threads; i++) helpers.emplace_back(work, i);
        } catch (const std::exception&) {  // no thread to be had: the others do its share
        }
        work(0);
        for (auto& helper : helpers) helper.join();
    }

    // Wait until the group that had the part before is in the total.
    static void await_part(Batch& batch, int group) {
        std::unique_lock<std::mutex> lock(batch.mutex);
        batch.turned.wait(lock, [&] { return batch.turn > group - batch.parts; });
    }

    // A group is complete: all complete groups whose turn has come are added to the total, and their parts cleared.
    void add(Batch& batch, int group) {
        std::lock_guard<std::mutex> lock(batch.mutex);
        batch.done[group] = true;
        for (; batch.turn < groups() && batch.done[batch.turn]; batch.turn++) {
            batch.done[batch.turn] = false;
            if (!batch.results.score) continue;
            double *total = batch.shares(-1).score, *part = batch.shares(batch.turn).score;
            for (size_t i = 0; i < batch.cells; i++) {
                total[i] += part[i];
                part[i] = 0.0;
            }
        }
        batch.turned.notify_all();
    }

    // Run the block through one tree.
    void walk(Member<Tree>& member, Batch& batch, size_t from, bool learn, const Shares& shares, int worker) {
        const Points& points = batch.points;
        Rows rows = {points.point(0), size_t(p_.columns), points.hashes()};
        Step* log = batch.log.data() + size_t(worker) * batch.log_size;
        int64_t first = learned_ - int64_t(from);  // index in the stream of the block's point 0
        while (from < points.size()) {
            int64_t next = member.sampler.next() - first;
            bool enters = learn && next < int64_t(points.size());
            size_t to = enters ? size_t(next) + 1 : points.size();
            if (batch.results.score) visit(member.tree, rows, from, to, batch.log_size ? log : nullptr, shares);
            if (enters) {
                int slot = member.sampler.evict(member.random);
                exchange(member, slot, points.point(to - 1), points.hashes()[to - 1]);
            }
            from = to;
        }
    }

    // A new point takes over a slot.
    void exchange(Member<LineTree>& member, int slot, const double* x, uint64_t) {
        member.tree.remove(slot);
        member.tree.insert(slot, *x, member.random);
    }
    void exchange(Member<BoxTree>& member, int slot, const double* x, uint64_t hash) {
        active_path->remove_box(member.tree, slot);
        active_path->insert_box(member.tree, slot, x, hash, member.random);
    }

    void visit(const LineTree& tree, const Rows& rows, size_t from, size_t to, Step*, const Shares& to_shares) {
        active_path->line(tree, rows.row(from), to - from, p_.sample_size, tables_, to_shares.score + from,
                          to_shares.direction ? to_shares.direction + from : nullptr);
    }
    void visit(const BoxTree& tree, const Rows& rows, size_t from, size_t to, Step* log, const Shares& to_shares) {
        active_path->box(tree, rows, from, to, p_.sample_size, tables_, log, to_shares);
    }

    // Results before any tree has spoken: NaN for records that are left out, else zero.
    void blank(Batch& batch, size_t count) {
        const Results& r = batch.results;
        if (!r.score) return;
        size_t columns = size_t(p_.columns);
        for (size_t i = 0; i < count; i++) r.score[i] = std::numeric_limits<double>::quiet_NaN();
        for (size_t i = 0; i < batch.points.valid(); i++) r.score[batch.points.valid_record(i)] = 0.0;
        if (!batch.explained) return;
        for (size_t i = 0; i < count; i++)
            for (size_t k = i * columns; k < (i + 1) * columns; k++) {
                r.attribution[k] = r.strength[k] = r.score[i];
                r.high[k] = 0;
            }
    }

    void deliver(Batch& batch, size_t from) {
        const Results& r = batch.results;
        if (!r.score || members_.empty()) return;
        double scale = this->scale(), share = 1.0 / double(p_.trees);
        size_t columns = size_t(p_.columns);
        Shares total = batch.shares(-1);
        for (size_t i = from; i < batch.points.size(); i++) {
            size_t record = batch.points.record_of(i);
            r.score[record] = total.score[i] * scale;
            for (size_t k = 0; batch.explained && k < columns; k++) {
                double direction = 0.0, attribution = batch.width == 1 ? total.score[i] : total.even[i] / double(columns);
                for (size_t j = i * batch.width + k; j < i * batch.width + size_t(dimensions_); j += columns) {
                    direction += total.direction[j] * share;
                    if (batch.width > 1) attribution += total.attribution[j];
                }
                r.attribution[record * columns + k] = attribution * scale;
                r.strength[record * columns + k] = std::fabs(direction) / double(columns);
                r.high[record * columns + k] = direction > 0.0;
            }
        }
    }

    Results shifted(Results r, size_t rows) const {
        size_t cells = rows * size_t(p_.columns);
        if (r.score) r.score += rows;
        if (r.attribution) {
            r.attribution += cells;
            r.strength += cells;
            r.high += cells;
        }
        return r;
    }

    Parameters p_;
    Tables tables_;
    int dimensions_;
    int64_t learned_ = 0;     // points (shingles) offered to the samples so far
    Array<double> learning_;  // the points of the learning phase, until the trees are built from them
    Array<double> kept_;      // the last records, for the next shingle
    int kept_count_ = 0;
    std::vector<Member<Tree>> members_;
};

inline std::unique_ptr<Forest> make_forest(const Parameters& p) {
    if (p.columns * p.shingle == 1) return std::make_unique<ForestOf<LineTree>>(p);
    return std::make_unique<ForestOf<BoxTree>>(p);
}

}  // namespace rcf
