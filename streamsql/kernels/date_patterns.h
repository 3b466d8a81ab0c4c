// Java's SimpleDateFormat patterns (US English, UTC), as a list of steps, on ms since 1970-01-01.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "instants.h"

namespace date_patterns {

// One step: a letter with the number of times it stands, or (letter 0) a literal of `count` bytes at `text`.
struct Step {
    int32_t letter, count, text, adjoins;  // adjoins: a numeric field that another one follows at once
};

static const char* const MONTHS[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char* const DAYS[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

struct Moment {
    int64_t year;
    int month, day, day_of_year, weekday;  // month and day from 1, weekday 0 is Sunday
    int hour, minute, second, ms;
};

static inline int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static inline Moment split(int64_t value) {
    Moment moment;
    const int64_t days = floor_divide(value, 86400000);
    const int64_t rest = value - days * 86400000;
    const int64_t shifted = days + 719468, era = floor_divide(shifted, 146097);
    const int64_t of_era = shifted - era * 146097;
    const int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    const int64_t part = (5 * of_year + 2) / 153;
    moment.day = static_cast<int>(of_year - (153 * part + 2) / 5 + 1);
    moment.month = static_cast<int>(part < 10 ? part + 3 : part - 9);
    moment.year = years + era * 400 + (moment.month <= 2);
    moment.day_of_year = static_cast<int>(days - instants::days_from_civil(moment.year, 1, 1) + 1);
    moment.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
    moment.hour = static_cast<int>(rest / 3600000);
    moment.minute = static_cast<int>(rest / 60000 % 60);
    moment.second = static_cast<int>(rest / 1000 % 60);
    moment.ms = static_cast<int>(rest % 1000);
    return moment;
}

// US weeks: Sunday first, the week of January 1 is the first.
static inline int weekday_of_january_first(int64_t year) {
    return static_cast<int>(((instants::days_from_civil(year, 1, 1) + 4) % 7 + 7) % 7);
}

static inline int days_in_year(int64_t year) { return instants::days_in_month(year, 2) + 337; }

static inline int week_of_year(const Moment& moment, int64_t* week_year) {
    *week_year = moment.year;
    const int week = (moment.day_of_year - 1 + weekday_of_january_first(moment.year)) / 7 + 1;
    // The last days of December belong to week 1 of the next year when that begins in the same week.
    const int until_next = days_in_year(moment.year) - moment.day_of_year + 1;
    if (until_next <= weekday_of_january_first(moment.year + 1)) {
        *week_year += 1;
        return 1;
    }
    return week;
}

static inline void pad(std::string& out, int64_t value, int width) {
    char digits[24];
    int count = 0;
    uint64_t rest = value < 0 ? 0 - static_cast<uint64_t>(value) : value;
    do {
        digits[count++] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) out.push_back('-');
    for (int i = count; i < width; ++i) out.push_back('0');
    while (count) out.push_back(digits[--count]);
}

static inline void name(std::string& out, const char* text, bool full) {
    if (full) {
        out.append(text);
    } else {
        out.append(text, 3);
    }
}

static inline void format_field(std::string& out, const Step& step, const Moment& moment) {
    int64_t week_year;
    switch (step.letter) {
        case 'G': out.append(moment.year > 0 ? "AD" : "BC"); break;
        case 'y':
            if (step.count == 2) pad(out, moment.year % 100, 2);
            else pad(out, moment.year, step.count);
            break;
        case 'Y':
            week_of_year(moment, &week_year);
            if (step.count == 2) pad(out, week_year % 100, 2);
            else pad(out, week_year, step.count);
            break;
        case 'M':
            if (step.count >= 3) name(out, MONTHS[moment.month - 1], step.count >= 4);
            else pad(out, moment.month, step.count);
            break;
        case 'w': pad(out, week_of_year(moment, &week_year), step.count); break;
        case 'W': {
            const int first = ((moment.weekday - (moment.day - 1)) % 7 + 7) % 7;  // weekday of the 1st
            pad(out, (moment.day - 1 + first) / 7 + 1, step.count);
            break;
        }
        case 'D': pad(out, moment.day_of_year, step.count); break;
        case 'd': pad(out, moment.day, step.count); break;
        case 'F': pad(out, (moment.day - 1) / 7 + 1, step.count); break;
        case 'E': name(out, DAYS[moment.weekday], step.count >= 4); break;
        case 'u': pad(out, moment.weekday == 0 ? 7 : moment.weekday, step.count); break;
        case 'a': out.append(moment.hour < 12 ? "AM" : "PM"); break;
        case 'H': pad(out, moment.hour, step.count); break;
        case 'k': pad(out, moment.hour == 0 ? 24 : moment.hour, step.count); break;
        case 'K': pad(out, moment.hour % 12, step.count); break;
        case 'h': pad(out, moment.hour % 12 == 0 ? 12 : moment.hour % 12, step.count); break;
        case 'm': pad(out, moment.minute, step.count); break;
        case 's': pad(out, moment.second, step.count); break;
        case 'S': pad(out, moment.ms, step.count); break;
        case 'z': out.append(step.count >= 4 ? "Coordinated Universal Time" : "UTC"); break;
        case 'Z': out.append("+0000"); break;
        case 'X': out.append("Z"); break;
    }
}

static inline void format(std::string& out, const Step* steps, int count, const char* texts, int64_t value) {
    const Moment moment = split(value);
    for (int i = 0; i < count; ++i) {
        if (steps[i].letter) format_field(out, steps[i], moment);
        else out.append(texts + steps[i].text, steps[i].count);
    }
}

static inline bool same_letters(const char* at, const char* end, const char* word, int size) {
    if (end - at < size) return false;
    for (int i = 0; i < size; ++i) {
        if ((at[i] | 0x20) != (word[i] | 0x20)) return false;
    }
    return true;
}

// The longest of the names (full or of three letters) at *at; its number, or -1.
static inline int parse_name(const char** at, const char* end, const char* const* names, int count) {
    for (int full = 1; full >= 0; --full) {
        for (int i = 0; i < count; ++i) {
            const int size = full ? static_cast<int>(std::strlen(names[i])) : 3;
            if (same_letters(*at, end, names[i], size)) {
                *at += size;
                return i;
            }
        }
    }
    return -1;
}

// +hh, +hhmm, +hh:mm at *at, in minutes.
static inline bool parse_offset(const char** at, const char* end, int* minutes) {
    if (*at >= end || (**at != '+' && **at != '-')) return false;
    const int sign = *(*at)++ == '-' ? -1 : 1;
    int hour, minute = 0;
    if (!instants::number(at, end, 1, 2, &hour)) return false;
    if (*at < end && **at == ':') {
        ++*at;
        if (!instants::number(at, end, 2, 2, &minute)) return false;
    } else if (*at < end && **at >= '0' && **at <= '9' && !instants::number(at, end, 2, 2, &minute)) {
        return false;
    }
    if (hour > 23 || minute > 59) return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

static inline bool parse_zone(const char** at, const char* end, int letter, int* minutes) {
    static const struct { const char* name; int hours; } ZONES[] = {
        {"UTC", 0}, {"GMT", 0}, {"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
        {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
    *minutes = 0;
    if (letter == 'X' && *at < end && **at == 'Z') {
        ++*at;
        return true;
    }
    if (letter != 'X') {
        for (const auto& zone : ZONES) {
            if (!same_letters(*at, end, zone.name, 3)) continue;
            *at += 3;
            *minutes = zone.hours * 60;
            if (zone.hours == 0 && *at < end && (**at == '+' || **at == '-')) return parse_offset(at, end, minutes);
            return true;
        }
    }
    return parse_offset(at, end, minutes);
}

struct Parsed {
    int64_t year = 1970;
    int month = 1, day = 1, day_of_year = 0, hour = -1, half_hour = -1, afternoon = -1;
    int minute = 0, second = 0, ms = 0, zone = 0;
    bool two_digits = false, dated = false, before_christ = false;
};

static inline bool store_number(Parsed& into, const Step& step, int64_t value, int digits) {
    switch (step.letter) {
        case 'y':
            into.year = value;
            into.two_digits = step.count <= 2 && digits == 2;
            return true;
        case 'M': into.month = static_cast<int>(value); into.dated = true; return value >= 1 && value <= 12;
        case 'd': into.day = static_cast<int>(value); into.dated = true; return value >= 1 && value <= 31;
        case 'D': into.day_of_year = static_cast<int>(value); return value >= 1 && value <= 366;
        case 'u': return value >= 1 && value <= 7;
        case 'H': into.hour = static_cast<int>(value); return value <= 23;
        case 'k': into.hour = static_cast<int>(value % 24); return value >= 1 && value <= 24;
        case 'K': into.half_hour = static_cast<int>(value); return value <= 23;
        case 'h': into.half_hour = static_cast<int>(value == 12 ? 0 : value); return value <= 23;
        case 'm': into.minute = static_cast<int>(value); return value <= 59;
        case 's': into.second = static_cast<int>(value); return value <= 59;
        case 'S': into.ms = static_cast<int>(value); return value <= 999;
    }
    return false;
}

static inline bool parse_number(const char** at, const char* end, const Step& step, Parsed& into) {
    int digits = 0;
    int64_t value = 0;
    while (*at < end && **at >= '0' && **at <= '9' && digits < 18 && !(step.adjoins && digits == step.count)) {
        value = value * 10 + (*(*at)++ - '0');
        ++digits;
    }
    return digits > 0 && store_number(into, step, value, digits);
}

static inline bool parse_field(const char** at, const char* end, const Step& step, Parsed& into) {
    while (*at < end && (**at == ' ' || **at == '\t')) ++*at;
    switch (step.letter) {
        case 'G':
            into.before_christ = same_letters(*at, end, "BC", 2);
            if (!into.before_christ && !same_letters(*at, end, "AD", 2)) return false;
            *at += 2;
            return true;
        case 'E': return parse_name(at, end, DAYS, 7) >= 0;
        case 'a':
            into.afternoon = same_letters(*at, end, "PM", 2);
            if (!into.afternoon && !same_letters(*at, end, "AM", 2)) return false;
            *at += 2;
            return true;
        case 'z':
        case 'Z':
        case 'X': return parse_zone(at, end, step.letter, &into.zone);
        case 'M':
            if (step.count >= 3) {
                into.month = parse_name(at, end, MONTHS, 12) + 1;
                into.dated = true;
                return into.month > 0;
            }
    }
    return parse_number(at, end, step, into);
}

static inline int hour_of(const Parsed& parsed) {
    if (parsed.hour >= 0) return parsed.hour;
    if (parsed.half_hour < 0) return parsed.afternoon == 1 ? 12 : 0;
    return parsed.afternoon == 1 && parsed.half_hour < 12 ? parsed.half_hour + 12 : parsed.half_hour;
}

// The moment of what was parsed; false when there is no such day. `now` settles years of two digits.
static inline bool moment_of(Parsed& parsed, int64_t now, int64_t* result) {
    int64_t time = ((hour_of(parsed) * 60 + parsed.minute) * int64_t{60} + parsed.second) * 1000 + parsed.ms;
    time -= parsed.zone * int64_t{60000};
    int64_t first = 0;
    if (parsed.two_digits) {
        first = split(now).year - 80;
        parsed.year = first + ((parsed.year - first) % 100 + 100) % 100;
    }
    for (int turn = 0; turn < 2; ++turn) {
        if (parsed.before_christ || parsed.year < 1 || parsed.year > 9999) return false;
        int64_t days;
        if (parsed.day_of_year && !parsed.dated) {
            if (parsed.day_of_year > days_in_year(parsed.year)) return false;
            days = instants::days_from_civil(parsed.year, 1, 1) + parsed.day_of_year - 1;
        } else {
            if (parsed.day > instants::days_in_month(parsed.year, parsed.month)) return false;
            days = instants::days_from_civil(parsed.year, parsed.month, parsed.day);
        }
        *result = days * 86400000 + time;
        const Moment today = split(now);
        if (!parsed.two_digits || parsed.year != first ||
            *result >= instants::days_from_civil(first, today.month, today.day) * 86400000)
            return true;
        parsed.year += 100;  // the first year counts from today's day of it on
        parsed.two_digits = false;
    }
    return true;
}

// Text behind the end of the pattern is ignored.
static inline bool parse(const char* at, const char* end, const Step* steps, int count, const char* texts,
                         int64_t now, int64_t* result) {
    Parsed parsed;
    for (int i = 0; i < count; ++i) {
        const Step& step = steps[i];
        if (step.letter) {
            if (!parse_field(&at, end, step, parsed)) return false;
        } else {
            if (end - at < step.count || std::memcmp(at, texts + step.text, step.count)) return false;
            at += step.count;
        }
    }
    return moment_of(parsed, now, result);
}

}  // namespace date_patterns
