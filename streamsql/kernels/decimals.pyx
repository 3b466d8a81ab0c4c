# distutils: language = c++
"""Exact decimal arithmetic over whole columns; see decimals.h for the arithmetic of one value.

A column of decimals is a contiguous int64 array of two words per value (Arrow's decimal128 buffer). An operand
with a single value stands for that value in every row. Every function returns its result and, when some row has
none, a uint8 array of flags (1 overflow, 2 division by zero), else None.
"""

import numpy as np

from libc.stdint cimport int64_t, uint8_t


cdef extern from "decimals.h" namespace "decimals" nogil:
    ctypedef int wide "decimals::wide"  # really 128 bits; Cython only hands it around
    const uint8_t FINE
    const uint8_t OVERFLOWN
    const uint8_t ZERO_DIVISOR
    wide load(const int64_t* words, int64_t row)
    void store(int64_t* words, int64_t row, wide value)
    wide power_of_ten(int exponent)
    wide divide_rounded(wide dividend, wide divisor)
    wide whole_times(wide value, wide unit, bint up)
    wide rest_of(wide dividend, wide divisor)
    bint within(wide value, wide bound)
    bint divide_scaled(wide left, wide right, int exponent, wide bound, wide* result)
    double to_double(wide value, int scale)
    bint from_real(double value, int scale, wide bound, wide* result)
    bint from_real_single "decimals::from_real<float>"(float value, int scale, wide bound, wide* result)


def add(const int64_t[::1] left, int left_shift, const int64_t[::1] right, int right_shift, bint subtract,
        int drop, int precision):
    """(left * 10^left_shift ± right * 10^right_shift) / 10^drop, with fewer than `precision` + 1 digits."""
    cdef int64_t i, n = _rows(left, right), flagged = 0
    cdef int64_t a = left.shape[0] > 2, b = right.shape[0] > 2
    result = np.empty(2 * n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide x, y, up = power_of_ten(left_shift), up2 = power_of_ten(right_shift)
    cdef wide down = power_of_ten(drop), bound = power_of_ten(precision)
    if n == 0:
        return result, None
    with nogil:
        for i in range(n):
            x = load(&left[0], a * i) * up
            y = load(&right[0], b * i) * up2
            x = x - y if subtract else x + y
            if drop:
                x = divide_rounded(x, down)
            store(&out[0], i, x)
            if not within(x, bound):
                flag[i] = OVERFLOWN
                flagged += 1
    return result, flags if flagged else None


def multiply(const int64_t[::1] left, const int64_t[::1] right, int drop, int precision):
    """left * right / 10^drop, with at most `precision` digits."""
    cdef int64_t i, n = _rows(left, right), flagged = 0
    cdef int64_t a = left.shape[0] > 2, b = right.shape[0] > 2
    result = np.empty(2 * n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide x, down = power_of_ten(drop), bound = power_of_ten(precision)
    if n == 0:
        return result, None
    with nogil:
        for i in range(n):
            x = load(&left[0], a * i) * load(&right[0], b * i)
            if drop:
                x = divide_rounded(x, down)
            store(&out[0], i, x)
            if not within(x, bound):
                flag[i] = OVERFLOWN
                flagged += 1
    return result, flags if flagged else None


def divide(const int64_t[::1] left, const int64_t[::1] right, int exponent, int precision):
    """left * 10^exponent / right, with at most `precision` digits."""
    cdef int64_t i, n = _rows(left, right), flagged = 0
    cdef int64_t a = left.shape[0] > 2, b = right.shape[0] > 2
    result = np.zeros(2 * n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide y, quotient, bound = power_of_ten(precision)
    if n == 0:
        return result, None
    with nogil:
        for i in range(n):
            y = load(&right[0], b * i)
            if y == 0:
                flag[i] = ZERO_DIVISOR
                flagged += 1
            elif divide_scaled(load(&left[0], a * i), y, exponent, bound, &quotient):
                store(&out[0], i, quotient)
            else:
                flag[i] = OVERFLOWN
                flagged += 1
    return result, flags if flagged else None


def remainder(const int64_t[::1] left, const int64_t[::1] right):
    """What is left of dividing decimals of one scale, with the sign of the dividend."""
    cdef int64_t i, n = _rows(left, right), flagged = 0
    cdef int64_t a = left.shape[0] > 2, b = right.shape[0] > 2
    result = np.zeros(2 * n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide y
    if n == 0:
        return result, None
    with nogil:
        for i in range(n):
            y = load(&right[0], b * i)
            if y == 0:
                flag[i] = ZERO_DIVISOR
                flagged += 1
            else:
                store(&out[0], i, rest_of(load(&left[0], a * i), y))
    return result, flags if flagged else None


def multiples(const int64_t[::1] words, int scale, int64_t size, bint up, int result_scale, int precision):
    """The greatest multiple of `size` (> 0) not above each decimal, or with `up` the least not below it."""
    cdef int64_t i, n = words.shape[0] // 2, flagged = 0
    result = np.zeros(2 * n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide x, unit = power_of_ten(scale) * (<wide>size), back = power_of_ten(result_scale)
    cdef wide bound = power_of_ten(precision)
    with nogil:
        for i in range(n):
            x = whole_times(load(&words[0], i), unit, up) * (<wide>size) * back
            if within(x, bound):
                store(&out[0], i, x)
            else:
                flag[i] = OVERFLOWN
                flagged += 1
    return result, flags if flagged else None


def from_integers(const int64_t[::1] values, int shift, int precision):
    """values * 10^shift as decimals with at most `precision` digits."""
    cdef int64_t i, n = values.shape[0], flagged = 0
    result = np.empty(2 * n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide x, up = power_of_ten(shift), bound = power_of_ten(precision)
    if n == 0:
        return result, None
    with nogil:
        for i in range(n):
            x = (<wide>values[i]) * up
            store(&out[0], i, x)
            if not within(x, bound):
                flag[i] = OVERFLOWN
                flagged += 1
    return result, flags if flagged else None


def to_integers(const int64_t[::1] words, int scale, int64_t low, int64_t high):
    """The decimals rounded to integers in [low, high]."""
    cdef int64_t i, n = words.shape[0] // 2, flagged = 0
    result = np.zeros(n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide x, down = power_of_ten(scale)
    if n == 0:
        return result, None
    with nogil:
        for i in range(n):
            x = load(&words[0], i)
            if scale:
                x = divide_rounded(x, down)
            if x < <wide>low or x > <wide>high:
                flag[i] = OVERFLOWN
                flagged += 1
            else:
                out[i] = <int64_t>x
    return result, flags if flagged else None


def to_doubles(const int64_t[::1] words, int scale):
    """The nearest double of every decimal."""
    cdef int64_t i, n = words.shape[0] // 2
    result = np.empty(n, dtype=np.float64)
    cdef double[::1] out = result
    with nogil:
        for i in range(n):
            out[i] = to_double(load(&words[0], i), scale)
    return result


def from_doubles(const double[::1] values, int scale, int precision):
    """The shortest decimals that read back as `values`, rounded to `scale` places."""
    cdef int64_t i, n = values.shape[0], flagged = 0
    result = np.zeros(2 * n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide x, bound = power_of_ten(precision)
    with nogil:
        for i in range(n):
            if from_real(values[i], scale, bound, &x):
                store(&out[0], i, x)
            else:
                flag[i] = OVERFLOWN
                flagged += 1
    return result, flags if flagged else None


def from_floats(const float[::1] values, int scale, int precision):
    """As `from_doubles`, for single precision."""
    cdef int64_t i, n = values.shape[0], flagged = 0
    result = np.zeros(2 * n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide x, bound = power_of_ten(precision)
    with nogil:
        for i in range(n):
            if from_real_single(values[i], scale, bound, &x):
                store(&out[0], i, x)
            else:
                flag[i] = OVERFLOWN
                flagged += 1
    return result, flags if flagged else None


cdef int64_t _rows(const int64_t[::1] left, const int64_t[::1] right):
    cdef int64_t a = left.shape[0] // 2, b = right.shape[0] // 2
    if a == 0 or b == 0:
        return 0
    if a != b and a != 1 and b != 1:
        raise ValueError(f"{a} and {b} values do not pair")
    return max(a, b)
