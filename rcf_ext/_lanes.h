// Lanes of numbers for the path being compiled (see `_paths.h`, which includes this once per path; no include guard).
//
//   Rows         a row per lane: doubles F, 32-bit integers I, masks M
//   Four, Eight  a dimension per lane; of a NaN and a number, `larger` and `smaller` give the second argument
//
// Every path does the same operations in the same order without fused multiply-adds, so all give the same bits.

#if defined(RCF_PATH_AVX512)

struct Rows8 {
    static constexpr int WIDTH = 8;
    using F = __m512d;
    using I = __m256i;
    using M = __mmask8;
    static F load(const double* p) { return _mm512_loadu_pd(p); }
    static void store(double* p, F a) { _mm512_storeu_pd(p, a); }
    static F splat(double a) { return _mm512_set1_pd(a); }
    static I splat(int a) { return _mm256_set1_epi32(a); }
    static F add(F a, F b) { return _mm512_add_pd(a, b); }
    static F sub(F a, F b) { return _mm512_sub_pd(a, b); }
    static F mul(F a, F b) { return _mm512_mul_pd(a, b); }
    static F div(F a, F b) { return _mm512_div_pd(a, b); }
    static F abs(F a) { return _mm512_abs_pd(a); }
    static I load(const int* p) { return _mm256_loadu_si256(reinterpret_cast<const I*>(p)); }
    static void store(int* p, I a) { _mm256_storeu_si256(reinterpret_cast<I*>(p), a); }
    static I iota() { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
    static I add(I a, I b) { return _mm256_add_epi32(a, b); }
    static I mul(I a, I b) { return _mm256_mullo_epi32(a, b); }
    static I min(I a, I b) { return _mm256_min_epi32(a, b); }
    static I both(I a, I b) { return _mm256_and_si256(a, b); }
    template <int BITS>
    static I shift(I a) {
        return _mm256_srli_epi32(a, BITS);
    }
    static I sub(I a, I b) { return _mm256_sub_epi32(a, b); }
    static I max(I a, I b) { return _mm256_max_epi32(a, b); }
    static I low16(I a) { return _mm256_and_si256(a, _mm256_set1_epi32(0xFFFF)); }
    static I high16(I a) { return _mm256_srli_epi32(a, 16); }
    static I signed_low16(I a) { return _mm256_srai_epi32(_mm256_slli_epi32(a, 16), 16); }
    static I signed_high16(I a) { return _mm256_srai_epi32(a, 16); }
    static M less(F a, F b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
    static M equal(F a, F b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
    static M positive(I a) { return _mm256_cmpgt_epi32_mask(a, _mm256_setzero_si256()); }
    static bool any(M a) { return a != 0; }
    static F select(M m, F a, F b) { return _mm512_mask_blend_pd(m, b, a); }
    static I select(M m, I a, I b) { return _mm256_mask_blend_epi32(m, b, a); }
    static F gather(const double* base, I at) { return _mm512_i32gather_pd(at, base, 8); }
    static I gather32(const void* base, I at) { return _mm256_i32gather_epi32(static_cast<const int*>(base), at, 4); }
    static I gather16(const void* base, I at) { return _mm256_i32gather_epi32(static_cast<const int*>(base), at, 2); }
    static F real(I a) { return _mm512_cvtepi32_pd(a); }
};
using Rows_ = Rows8;

struct Four {
    static constexpr int WIDTH = 4;
    using V = __m256d;
    static V load(const double* p) { return _mm256_loadu_pd(p); }
    static void store(double* p, V a) { _mm256_storeu_pd(p, a); }
    static V splat(double a) { return _mm256_set1_pd(a); }
    static V add(V a, V b) { return _mm256_add_pd(a, b); }
    static V sub(V a, V b) { return _mm256_sub_pd(a, b); }
    static V mul(V a, V b) { return _mm256_mul_pd(a, b); }
    static V abs(V a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
    static V positive(V a) { return _mm256_max_pd(a, _mm256_setzero_pd()); }
    static V larger(V a, V b) { return _mm256_max_pd(a, b); }
    static V smaller(V a, V b) { return _mm256_min_pd(a, b); }
    static bool differ(V a, V b) { return _mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_NEQ_OQ)) != 0; }
    static double fold(V a) {
        __m128d b = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
        return _mm_cvtsd_f64(_mm_add_sd(b, _mm_unpackhi_pd(b, b)));
    }
};

struct Eight {
    static constexpr int WIDTH = 8;
    using V = __m512d;
    static V load(const double* p) { return _mm512_loadu_pd(p); }
    static void store(double* p, V a) { _mm512_storeu_pd(p, a); }
    static V splat(double a) { return _mm512_set1_pd(a); }
    static V add(V a, V b) { return _mm512_add_pd(a, b); }
    static V sub(V a, V b) { return _mm512_sub_pd(a, b); }
    static V mul(V a, V b) { return _mm512_mul_pd(a, b); }
    static V abs(V a) { return _mm512_abs_pd(a); }
    static V positive(V a) { return _mm512_max_pd(a, _mm512_setzero_pd()); }
    static V larger(V a, V b) { return _mm512_max_pd(a, b); }
    static V smaller(V a, V b) { return _mm512_min_pd(a, b); }
    static bool differ(V a, V b) { return _mm512_cmp_pd_mask(a, b, _CMP_NEQ_OQ) != 0; }
    static double fold(V a) { return Four::fold(_mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1))); }
};

#else

#if defined(RCF_PATH_AVX2)

struct Rows4 {
    static constexpr int WIDTH = 4;
    using F = __m256d;
    using I = __m128i;
    using M = __m256d;
    static F load(const double* p) { return _mm256_loadu_pd(p); }
    static void store(double* p, F a) { _mm256_storeu_pd(p, a); }
    static F splat(double a) { return _mm256_set1_pd(a); }
    static I splat(int a) { return _mm_set1_epi32(a); }
    static F add(F a, F b) { return _mm256_add_pd(a, b); }
    static F sub(F a, F b) { return _mm256_sub_pd(a, b); }
    static F mul(F a, F b) { return _mm256_mul_pd(a, b); }
    static F div(F a, F b) { return _mm256_div_pd(a, b); }
    static F abs(F a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
    static I load(const int* p) { return _mm_loadu_si128(reinterpret_cast<const I*>(p)); }
    static void store(int* p, I a) { _mm_storeu_si128(reinterpret_cast<I*>(p), a); }
    static I iota() { return _mm_setr_epi32(0, 1, 2, 3); }
    static I add(I a, I b) { return _mm_add_epi32(a, b); }
    static I mul(I a, I b) { return _mm_mullo_epi32(a, b); }
    static I min(I a, I b) { return _mm_min_epi32(a, b); }
    static I both(I a, I b) { return _mm_and_si128(a, b); }
    template <int BITS>
    static I shift(I a) {
        return _mm_srli_epi32(a, BITS);
    }
    static I sub(I a, I b) { return _mm_sub_epi32(a, b); }
    static I max(I a, I b) { return _mm_max_epi32(a, b); }
    static I low16(I a) { return _mm_and_si128(a, _mm_set1_epi32(0xFFFF)); }
    static I high16(I a) { return _mm_srli_epi32(a, 16); }
    static I signed_low16(I a) { return _mm_srai_epi32(_mm_slli_epi32(a, 16), 16); }
    static I signed_high16(I a) { return _mm_srai_epi32(a, 16); }
    static M less(F a, F b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
    static M equal(F a, F b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
    static M positive(I a) {
        return _mm256_castsi256_pd(_mm256_cvtepi32_epi64(_mm_cmpgt_epi32(a, _mm_setzero_si128())));
    }
    static bool any(M a) { return _mm256_movemask_pd(a) != 0; }
    static F select(M m, F a, F b) { return _mm256_blendv_pd(b, a, m); }
    static I select(M m, I a, I b) { return _mm_blendv_epi8(b, a, narrow(m)); }
    static F gather(const double* base, I at) { return _mm256_i32gather_pd(base, at, 8); }
    static I gather32(const void* base, I at) { return _mm_i32gather_epi32(static_cast<const int*>(base), at, 4); }
    static I gather16(const void* base, I at) { return _mm_i32gather_epi32(static_cast<const int*>(base), at, 2); }
    static F real(I a) { return _mm256_cvtepi32_pd(a); }

  private:
    static I narrow(M m) {
        __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
        return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(_mm256_castpd_si256(m), even));
    }
};
using Rows_ = Rows4;

struct Four {
    static constexpr int WIDTH = 4;
    using V = __m256d;
    static V load(const double* p) { return _mm256_loadu_pd(p); }
    static void store(double* p, V a) { _mm256_storeu_pd(p, a); }
    static V splat(double a) { return _mm256_set1_pd(a); }
    static V add(V a, V b) { return _mm256_add_pd(a, b); }
    static V sub(V a, V b) { return _mm256_sub_pd(a, b); }
    static V mul(V a, V b) { return _mm256_mul_pd(a, b); }
    static V abs(V a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
    static V positive(V a) { return _mm256_max_pd(a, _mm256_setzero_pd()); }
    static V larger(V a, V b) { return _mm256_max_pd(a, b); }
    static V smaller(V a, V b) { return _mm256_min_pd(a, b); }
    static bool differ(V a, V b) { return _mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_NEQ_OQ)) != 0; }
    static double fold(V a) {
        __m128d b = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
        return _mm_cvtsd_f64(_mm_add_sd(b, _mm_unpackhi_pd(b, b)));
    }
};

#else

// Plain loops over four lanes; compilers turn them into the vectors of the baseline (SSE2, NEON).
struct RowsPlain {
    static constexpr int WIDTH = 4;
    template <class T>
    struct Lanes {
        T at[4];
    };
    using F = Lanes<double>;
    using I = Lanes<int>;
    using M = Lanes<bool>;
    template <class R, class Each>
    static R each(Each f) {
        return R{{f(0), f(1), f(2), f(3)}};
    }
    static F load(const double* p) { return each<F>([&](int i) { return p[i]; }); }
    static void store(double* p, F a) {
        for (int i = 0; i < 4; i++) p[i] = a.at[i];
    }
    static F splat(double a) { return {{a, a, a, a}}; }
    static I splat(int a) { return {{a, a, a, a}}; }
    static F add(F a, F b) { return each<F>([&](int i) { return a.at[i] + b.at[i]; }); }
    static F sub(F a, F b) { return each<F>([&](int i) { return a.at[i] - b.at[i]; }); }
    static F mul(F a, F b) { return each<F>([&](int i) { return a.at[i] * b.at[i]; }); }
    static F div(F a, F b) { return each<F>([&](int i) { return a.at[i] / b.at[i]; }); }
    static F abs(F a) { return each<F>([&](int i) { return std::fabs(a.at[i]); }); }
    static I load(const int* p) { return {{p[0], p[1], p[2], p[3]}}; }
    static void store(int* p, I a) {
        for (int i = 0; i < 4; i++) p[i] = a.at[i];
    }
    static I iota() { return {{0, 1, 2, 3}}; }
    static I add(I a, I b) { return each<I>([&](int i) { return a.at[i] + b.at[i]; }); }
    static I mul(I a, I b) { return each<I>([&](int i) { return a.at[i] * b.at[i]; }); }
    static I min(I a, I b) { return each<I>([&](int i) { return a.at[i] < b.at[i] ? a.at[i] : b.at[i]; }); }
    static I both(I a, I b) { return each<I>([&](int i) { return a.at[i] & b.at[i]; }); }
    template <int BITS>
    static I shift(I a) {
        return each<I>([&](int i) { return int(unsigned(a.at[i]) >> BITS); });
    }
    static I sub(I a, I b) { return each<I>([&](int i) { return a.at[i] - b.at[i]; }); }
    static I max(I a, I b) { return each<I>([&](int i) { return a.at[i] > b.at[i] ? a.at[i] : b.at[i]; }); }
    static I low16(I a) { return each<I>([&](int i) { return a.at[i] & 0xFFFF; }); }
    static I high16(I a) { return each<I>([&](int i) { return int(unsigned(a.at[i]) >> 16); }); }
    static I signed_low16(I a) { return each<I>([&](int i) { return int(int16_t(a.at[i])); }); }
    static I signed_high16(I a) { return each<I>([&](int i) { return a.at[i] >> 16; }); }
    static M less(F a, F b) { return each<M>([&](int i) { return a.at[i] < b.at[i]; }); }
    static M equal(F a, F b) { return each<M>([&](int i) { return a.at[i] == b.at[i]; }); }
    static M positive(I a) { return each<M>([&](int i) { return a.at[i] > 0; }); }
    static bool any(M a) { return a.at[0] | a.at[1] | a.at[2] | a.at[3]; }
    static F select(M m, F a, F b) { return each<F>([&](int i) { return m.at[i] ? a.at[i] : b.at[i]; }); }
    static I select(M m, I a, I b) { return each<I>([&](int i) { return m.at[i] ? a.at[i] : b.at[i]; }); }
    static F gather(const double* base, I at) { return each<F>([&](int i) { return base[at.at[i]]; }); }
    static I gather32(const void* base, I at) { return each<I>([&](int i) { return word(base, 4 * at.at[i]); }); }
    static I gather16(const void* base, I at) { return each<I>([&](int i) { return word(base, 2 * at.at[i]); }); }
    static F real(I a) { return each<F>([&](int i) { return double(a.at[i]); }); }

  private:
    static int word(const void* base, int offset) {
        int32_t word;
        std::memcpy(&word, static_cast<const char*>(base) + offset, 4);
        return word;
    }
};
using Rows_ = RowsPlain;

struct Four {
    static constexpr int WIDTH = 4;
    struct V {
        double at[4];
    };
    static V load(const double* p) { return {{p[0], p[1], p[2], p[3]}}; }
    static void store(double* p, V a) {
        for (int i = 0; i < 4; i++) p[i] = a.at[i];
    }
    static V splat(double a) { return {{a, a, a, a}}; }
    template <class Each>
    static V each(Each f) {
        return {{f(0), f(1), f(2), f(3)}};
    }
    static V add(V a, V b) { return each([&](int i) { return a.at[i] + b.at[i]; }); }
    static V sub(V a, V b) { return each([&](int i) { return a.at[i] - b.at[i]; }); }
    static V mul(V a, V b) { return each([&](int i) { return a.at[i] * b.at[i]; }); }
    static V abs(V a) { return each([&](int i) { return std::fabs(a.at[i]); }); }
    static V positive(V a) { return each([&](int i) { return a.at[i] > 0.0 ? a.at[i] : 0.0; }); }
    static V larger(V a, V b) { return each([&](int i) { return a.at[i] > b.at[i] ? a.at[i] : b.at[i]; }); }
    static V smaller(V a, V b) { return each([&](int i) { return a.at[i] < b.at[i] ? a.at[i] : b.at[i]; }); }
    static bool differ(V a, V b) {
        bool any = false;
        for (int i = 0; i < 4; i++) any |= (a.at[i] < b.at[i]) | (a.at[i] > b.at[i]);
        return any;
    }
    static double fold(V a) { return (a.at[0] + a.at[2]) + (a.at[1] + a.at[3]); }
};

#endif

struct Eight {
    static constexpr int WIDTH = 8;
    struct V {
        Four::V a, b;
    };
    static V load(const double* p) { return {Four::load(p), Four::load(p + 4)}; }
    static void store(double* p, V x) {
        Four::store(p, x.a);
        Four::store(p + 4, x.b);
    }
    static V splat(double x) { return {Four::splat(x), Four::splat(x)}; }
    static V add(V x, V y) { return {Four::add(x.a, y.a), Four::add(x.b, y.b)}; }
    static V sub(V x, V y) { return {Four::sub(x.a, y.a), Four::sub(x.b, y.b)}; }
    static V mul(V x, V y) { return {Four::mul(x.a, y.a), Four::mul(x.b, y.b)}; }
    static V abs(V x) { return {Four::abs(x.a), Four::abs(x.b)}; }
    static V positive(V x) { return {Four::positive(x.a), Four::positive(x.b)}; }
    static V larger(V x, V y) { return {Four::larger(x.a, y.a), Four::larger(x.b, y.b)}; }
    static V smaller(V x, V y) { return {Four::smaller(x.a, y.a), Four::smaller(x.b, y.b)}; }
    static bool differ(V x, V y) { return Four::differ(x.a, y.a) | Four::differ(x.b, y.b); }
    static double fold(V x) { return Four::fold(Four::add(x.a, x.b)); }
};

#endif
