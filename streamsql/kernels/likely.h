/* What the compiler is told of branches. */
#pragma once

namespace streamsql {

inline bool likely(bool x) { return __builtin_expect(x, 1); }
inline bool unlikely(bool x) { return __builtin_expect(x, 0); }

}  // namespace streamsql
