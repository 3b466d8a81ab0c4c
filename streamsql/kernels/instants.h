// SQL's one form of dates and times: yyyy-MM-dd, HH:mm:ss[.f...] and both with a blank between them.
#pragma once

#include <cstdint>

namespace instants {

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar (Howard Hinnant's algorithm).
static inline int64_t days_from_civil(int64_t year, int month, int day) {
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t of_era = year - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static inline int days_in_month(int64_t year, int month) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : lengths[month - 1];
}

// Between `least` and `most` digits at *at.
static inline bool number(const char** at, const char* end, int least, int most, int* value) {
    int count = 0;
    *value = 0;
    while (*at < end && count < most && **at >= '0' && **at <= '9') {
        *value = *value * 10 + (*(*at)++ - '0');
        ++count;
    }
    return count >= least;
}

static inline bool character(const char** at, const char* end, char wanted) {
    return *at < end && *(*at)++ == wanted;
}

static inline bool parse_date(const char** at, const char* end, int64_t* days) {
    int year, month, day;
    if (!number(at, end, 4, 4, &year) || !character(at, end, '-') || !number(at, end, 2, 2, &month) ||
        !character(at, end, '-') || !number(at, end, 2, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
    *days = days_from_civil(year, month, day);
    return true;
}

static inline bool parse_time(const char** at, const char* end, int64_t* ms) {
    int hour, minute, second;
    if (!number(at, end, 1, 2, &hour) || !character(at, end, ':') || !number(at, end, 2, 2, &minute) ||
        !character(at, end, ':') || !number(at, end, 2, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    int fraction = 0;
    if (*at < end && **at == '.') {
        ++*at;
        int count = 0;
        for (; *at < end && **at >= '0' && **at <= '9'; ++*at, ++count) {
            if (count < 3) fraction = fraction * 10 + (**at - '0');
        }
        for (; count < 3; ++count) fraction *= 10;
    }
    *ms = ((hour * 60 + minute) * 60 + second) * int64_t{1000} + fraction;
    return true;
}

// A date, a time, or both; ms since 1970-01-01 or midnight. A date alone has to fit exactly, blanks included.
static inline bool parse(const char* at, const char* end, bool date, bool time, int64_t* result) {
    if (time) {
        while (at < end && *at == ' ') ++at;
        while (end > at && end[-1] == ' ') --end;
    }
    int64_t days = 0, ms = 0;
    if (date && !parse_date(&at, end, &days)) return false;
    if (date && time && !character(&at, end, ' ')) return false;
    if (time && !parse_time(&at, end, &ms)) return false;
    *result = days * 86400000 + ms;
    return at == end;
}

}  // namespace instants
