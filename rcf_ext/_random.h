// Random numbers and the few transcendental functions the forest needs.
//
// Logarithm and exponential are written out (the classic argument reductions with minimax polynomials, error
// below one unit in the last place) because the C library picks different code on different CPUs, and one
// differing bit here could put another record into a sample.
#pragma once
#include <cstdint>
#include <cstring>

#include "_state.h"

namespace rcf {

inline uint64_t bits_of(double x) {
    uint64_t bits;
    std::memcpy(&bits, &x, 8);
    return bits;
}

inline double double_of(uint64_t bits) {
    double x;
    std::memcpy(&x, &bits, 8);
    return x;
}

constexpr double LN2_HIGH = 6.93147180369123816490e-01;
constexpr double LN2_LOW = 1.90821492927058770002e-10;
constexpr double LN2 = 6.93147180559945286227e-01;

// Natural logarithm of a positive, finite, normal number.
inline double natural_log(double x) {
    uint64_t bits = bits_of(x);
    bits += 0x3FF0000000000000ULL - 0x3FE6A09E667F3BCDULL;  // so that the mantissa lies around 1
    double e = double(int64_t(bits >> 52) - 1023);
    double f = double_of((bits & 0x000FFFFFFFFFFFFFULL) + 0x3FE6A09E667F3BCDULL) - 1.0;
    double s = f / (2.0 + f), z = s * s, w = z * z;
    double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double odd = z * (6.666666666666735130e-01 +
                      w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    double half = 0.5 * f * f;
    return e * LN2_HIGH - ((half - (s * (half + (even + odd)) + e * LN2_LOW)) - f);
}

// e to the x, for |x| below 700.
inline double natural_exp(double x) {
    double k = x / LN2;
    int64_t n = int64_t(k < 0 ? k - 0.5 : k + 0.5);
    double high = x - double(n) * LN2_HIGH, low = double(n) * LN2_LOW, r = high - low, t = r * r;
    double c = r - t * (1.66666666666666019037e-01 +
                        t * (-2.77777777770155933842e-03 +
                             t * (6.61375632143793436117e-05 +
                                  t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
    double y = 1.0 - ((low - (r * c) / (2.0 - c)) - high);
    return y * double_of(uint64_t(1023 + n) << 52);
}

// log(1 + x) for x >= 0; the quotient repairs the rounding of 1 + x.
inline double log_one_plus(double x) {
    double y = 1.0 + x;
    return y == 1.0 ? x : natural_log(y) * (x / (y - 1.0));
}

// exp(x) - 1, repaired in the same way.
inline double exp_minus_one(double x) {
    double y = natural_exp(x);
    return y == 1.0 ? x : (y - 1.0) * (x / natural_log(y));
}

// xoshiro256** (Blackman, Vigna), one generator per tree.
struct Random {
    uint64_t s[4];

    // Different (seed, stream) pairs give unrelated sequences: splitmix64 spreads both over the state.
    static Random seeded(uint64_t seed, uint64_t stream) {
        Random random;
        uint64_t state = mixed(seed + 0x9E3779B97F4A7C15ULL) ^ mixed(stream * 0xD1342543DE82EF95ULL + 1);
        for (uint64_t& word : random.s) word = mixed(state += 0x9E3779B97F4A7C15ULL);
        return random;
    }

    uint64_t next() {
        uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate(s[3], 45);
        return result;
    }

    // Uniform on (0, 1), both ends excluded.
    double uniform() { return (double(next() >> 12) + 0.5) * 0x1.0p-52; }

    double exponential() { return -natural_log(uniform()); }

    void save(Writer& out) const { out.values(s, 4); }
    void load(Reader& in) {
        in.values(s, 4);
        require(s[0] | s[1] | s[2] | s[3], "a generator's state is zero");
    }

  private:
    static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    static uint64_t mixed(uint64_t z) {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
};

}  // namespace rcf
