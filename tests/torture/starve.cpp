// Preloaded by test_allocations: allocations on behalf of the compiled rooms fail, from a number that is chosen.
//
// An allocation is theirs when the first caller that is neither this file, the C and C++ libraries nor Python lies in
// one of their extension modules; what numpy and Arrow allocate for themselves goes on as ever.
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <initializer_list>

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {

enum class Owner { other, between, ours };
struct Range {
    uintptr_t begin, end;
    Owner owner;
};

constexpr int MOST_RANGES = 1024, DEPTH = 10;
Range ranges[MOST_RANGES];
int range_count = 0;
std::atomic<bool> armed{false};
std::atomic<long> counted{0};
long first_failing = 0, last_failing = -1;
thread_local bool looking = false;

Owner owner_of(const char* path) {
    for (const char* ours : {"/streamsql/kernels/", "/rcf_ext/"})
        if (strstr(path, ours)) return Owner::ours;
    for (const char* between : {"libstdc++", "libc.so", "libgcc", "libpython", "starve"})
        if (strstr(path, between)) return Owner::between;
    return *path ? Owner::other : Owner::between;  // the program itself, which is Python
}

int add_ranges(dl_phdr_info* info, size_t, void*) {
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const auto& part = info->dlpi_phdr[i];
        if (part.p_type != PT_LOAD || !(part.p_flags & PF_X) || range_count == MOST_RANGES) continue;
        uintptr_t begin = info->dlpi_addr + part.p_vaddr;
        ranges[range_count++] = {begin, begin + part.p_memsz, owner_of(info->dlpi_name)};
    }
    return 0;
}

Owner owner_of(const void* address) {
    uintptr_t at = reinterpret_cast<uintptr_t>(address);
    for (int i = 0; i < range_count; i++)
        if (at >= ranges[i].begin && at < ranges[i].end) return ranges[i].owner;
    return Owner::other;
}

bool is_ours() {
    void* callers[DEPTH];
    int found = backtrace(callers, DEPTH);
    for (int i = 0; i < found; i++)
        if (Owner owner = owner_of(callers[i]); owner != Owner::between) return owner == Owner::ours;
    return false;
}

// Whether this allocation has to fail.
bool starved(const void* caller) {
    if (!armed.load(std::memory_order_relaxed) || looking) return false;
    if (owner_of(caller) == Owner::other) return false;
    looking = true;
    bool ours = is_ours();
    looking = false;
    if (!ours) return false;
    long number = ++counted;
    return number >= first_failing && number <= last_failing;
}

void* none() {
    errno = ENOMEM;
    return nullptr;
}

}  // namespace

#define CALLER __builtin_return_address(0)

extern "C" {

// From now on allocations number `first` to `last` fail; nothing fails when `last` is below `first`.
void starve(long first, long last) {
    void* callers[1];
    backtrace(callers, 1);  // loads what it needs
    armed = false;
    range_count = 0;
    dl_iterate_phdr(add_ranges, nullptr);
    counted = 0;
    first_failing = first;
    last_failing = last;
    armed = true;
}

// Nothing fails any more; the number of allocations since `starve`.
long feed(void) {
    armed = false;
    return counted;
}

void* malloc(size_t size) { return starved(CALLER) ? none() : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return starved(CALLER) ? none() : __libc_calloc(count, size); }
void* realloc(void* memory, size_t size) { return starved(CALLER) ? none() : __libc_realloc(memory, size); }
void* memalign(size_t align, size_t size) { return starved(CALLER) ? none() : __libc_memalign(align, size); }
void* aligned_alloc(size_t align, size_t size) { return starved(CALLER) ? none() : __libc_memalign(align, size); }
int posix_memalign(void** memory, size_t align, size_t size) {
    if (starved(CALLER)) return ENOMEM;
    *memory = __libc_memalign(align, size);
    return *memory ? 0 : ENOMEM;
}
}
