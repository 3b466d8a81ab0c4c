// Which records a tree keeps: a weighted reservoir with exponential forgetting that jumps to its next record.
//
// Record t has the key E_t * exp(-t / timeDecay) with E_t exponential; the records with the smallest keys are the
// sample. Instead of drawing a key for every record, the sampler draws how long it takes until the next key falls
// below the largest one kept (the hazard of record t is `largest key * exp(t / timeDecay)`), so the rows in
// between cost nothing.
#pragma once
#include <cmath>

#include "_memory.h"
#include "_random.h"
#include "_state.h"

namespace rcf {

class Sampler {
  public:
    Sampler(int size, int64_t time_decay)
        : key_(size), slot_(size), size_(size), decay_(1.0 / double(time_decay)), step_(exp_minus_one(decay_)) {}

    // The first `size` records are all kept: draw their keys; record i gets slot i.
    void fill(Random& random) {
        base_ = 0;
        for (int i = 0; i < size_; i++) {
            key_[i] = random.exponential() * natural_exp(-decay_ * double(i));
            slot_[i] = uint16_t(i);
        }
        for (int i = size_ / 2; i-- > 0;) sink(i, key_[i], slot_[i]);
        plan(size_ - 1, natural_exp(decay_ * double(size_ - 1)), random);
    }

    // The index of the next record that enters the sample.
    int64_t next() const { return next_; }

    // The slot that record `next()` takes over; its present holder leaves the sample. Plans the next one.
    int evict(Random& random) {
        int64_t t = next_;
        if (decay_ * double(t - base_) > 500.0) rebase(t);
        double growth = natural_exp(decay_ * double(t - base_));
        int slot = slot_[0];
        sink(0, below(key_[0] * growth, random) / growth, uint16_t(slot));
        plan(t, growth, random);
        return slot;
    }

    int size() const { return size_; }
    size_t bytes() const { return key_.bytes() + slot_.bytes(); }

    void save(Writer& out) const {
        out.value(base_);
        out.value(next_);
        out.values(key_.data(), key_.size());
        out.values(slot_.data(), slot_.size());
    }

    void load(Reader& in, int64_t learned) {
        base_ = in.value<int64_t>();
        next_ = in.value<int64_t>();
        in.values(key_.data(), key_.size());
        in.values(slot_.data(), slot_.size());
        require(base_ >= 0 && base_ < learned && learned <= next_ && next_ <= LATEST, "a sampler's clock is wrong");
        require(decay_ * double(learned - base_) < 600.0, "a sampler's clock is wrong");
        Array<uint8_t> taken(key_.size());
        for (int i = 0; i < size_; i++) {
            require(key_[i] > 0.0 && key_[i] <= key_[i ? (i - 1) / 2 : 0] && key_[0] < HUGE_VAL, "a sampler's keys are wrong");
            require(slot_[i] < size_ && !taken[slot_[i]]++, "a sampler's slots are wrong");
        }
    }

  private:
    static constexpr int64_t LATEST = int64_t(4e18);

    // An exponential number on the condition that it is below h.
    static double below(double h, Random& random) {
        if (h >= 1.0) {
            double y = random.exponential();
            while (y >= h) y = random.exponential();
            return y;
        }
        for (;;) {
            double y = h * random.uniform(), v = random.uniform();
            if (v < 1.0 - y || v < natural_exp(-y)) return y;
        }
    }

    // Draw how many records it takes after record t until the summed hazard reaches an exponential number.
    void plan(int64_t t, double growth, Random& random) {
        double hazard = key_[0] * growth * (1.0 + step_);
        double wait = log_one_plus(random.exponential() * step_ / hazard) / decay_;
        next_ = t + (wait < 1.0 ? 1 : wait > double(LATEST - t) ? LATEST - t : ceiling(wait));
    }

    static int64_t ceiling(double x) {
        int64_t whole = int64_t(x);
        return double(whole) < x ? whole + 1 : whole;
    }

    void rebase(int64_t t) {
        double factor = natural_exp(decay_ * double(t - base_));
        for (int i = 0; i < size_; i++) key_[i] *= factor;
        base_ = t;
    }

    // Put an entry into the hole at i of the max-heap: the hole falls to the bottom, then the entry rises.
    void sink(int i, double key, uint16_t slot) {
        int top = i;
        for (int child = 2 * i + 1; child < size_; child = 2 * i + 1) {
            if (child + 1 < size_) child += key_[child + 1] > key_[child];
            key_[i] = key_[child];
            slot_[i] = slot_[child];
            i = child;
        }
        for (; i > top && key_[(i - 1) / 2] < key; i = (i - 1) / 2) {
            key_[i] = key_[(i - 1) / 2];
            slot_[i] = slot_[(i - 1) / 2];
        }
        key_[i] = key;
        slot_[i] = slot;
    }

    Array<double> key_;
    Array<uint16_t> slot_;
    int size_;
    double decay_, step_;
    int64_t base_ = 0, next_ = 0;
};

}  // namespace rcf
