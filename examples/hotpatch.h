/* hotpatch.h - for authors of patches: hooks, and new state for existing objects.
 *
 * Include it in the fixed source; it needs nothing of hotpatch itself. C99 or C++11, any
 * compiler for Windows x64. Everything here ends up in the patch and not in the program that
 * you ship: include it only in the build that the patch is made from.
 *
 * HOOKS
 *
 * Functions with these names run in the target at their moments, in a thread of their own,
 * while the program runs. Each returns 0 for "go on". What the first and the third return
 * otherwise is a veto: the patch is not applied, or not reverted, and the number is reported.
 *
 *     HOTPATCH_HOOK(before_apply)  { return table_is_consistent() ? 0 : 1; }
 *     HOTPATCH_HOOK(after_apply)   { repair_table(); return 0; }
 *     HOTPATCH_HOOK(before_revert) { return 0; }
 *     HOTPATCH_HOOK(after_revert)  { return 0; }
 *
 * before_apply  everything is in place, nothing is switched on
 * after_apply   every call runs new code
 * before_revert every call still runs new code
 * after_revert  every call runs old code; the patch's own variables still exist
 *
 * A hook has five seconds. It must not wait for a lock that the program may hold for long.
 *
 * SHADOW VARIABLES
 *
 * New state for objects that exist already and have no room for it: a value of your own,
 * found by the address of the object and a number that says which value it is. (The idea and
 * the name are those of the Linux kernel's live patching.)
 *
 *     struct seen { int count; };
 *     struct seen *s = HOTPATCH_SHADOW_GET_OR_ALLOC(connection, 1, struct seen);
 *     if (s) s->count++;                  // starts as zeros
 *     ...
 *     hotpatch_shadow_free(connection, 1);  // when the object itself goes
 *
 * Free the shadows of an object where the object is freed, or the next object at the same
 * address inherits them. hotpatch_shadow_free_all() in after_revert gives everything back.
 */
#ifndef HOTPATCH_H
#define HOTPATCH_H

#include <stddef.h>

#ifdef __cplusplus
#define HOTPATCH_C extern "C"
#else
#define HOTPATCH_C
#endif

/* Kept by the compiler and the linker though nothing calls it. */
#if defined(__clang__)
/* A DLL of the GNU ABI may export everything that is not hidden, and a patch adds no export. */
#define HOTPATCH_KEEP(name) __attribute__((used, noinline, visibility("hidden")))
#elif defined(__GNUC__)
#define HOTPATCH_KEEP(name) __attribute__((used, noinline))
#else
#define HOTPATCH_PRAGMA(text) __pragma(text)
#define HOTPATCH_KEEP(name) HOTPATCH_PRAGMA(comment(linker, "/include:" #name)) __declspec(noinline)
#endif

#define HOTPATCH_HOOK(moment) \
    HOTPATCH_C int hotpatch_##moment(void); \
    HOTPATCH_C HOTPATCH_KEEP(hotpatch_##moment) int hotpatch_##moment(void)

/* The four functions of kernel32 that the rest needs, as windows.h declares them. */
#ifndef _WINDOWS_
HOTPATCH_C __declspec(dllimport) void *__stdcall GetProcessHeap(void);
HOTPATCH_C __declspec(dllimport) void *__stdcall HeapAlloc(void *heap, unsigned long flags, size_t size);
HOTPATCH_C __declspec(dllimport) int __stdcall HeapFree(void *heap, unsigned long flags, void *memory);
struct _RTL_SRWLOCK;
HOTPATCH_C __declspec(dllimport) void __stdcall AcquireSRWLockExclusive(struct _RTL_SRWLOCK *lock);
HOTPATCH_C __declspec(dllimport) void __stdcall ReleaseSRWLockExclusive(struct _RTL_SRWLOCK *lock);
#endif

/* One value; what it holds follows. */
struct hotpatch_shadow {
    struct hotpatch_shadow *next;
    const void *object;
    unsigned long long id;
    /* Keeps the value aligned to 16 bytes. */
    unsigned long long reserved;
};

enum { HOTPATCH_SHADOW_CHAINS = 1024 };

static struct hotpatch_shadow *hotpatch_shadows[HOTPATCH_SHADOW_CHAINS];
static void *hotpatch_shadow_lock;

#if defined(__clang__) || defined(__GNUC__)
#define HOTPATCH_UNUSED __attribute__((unused))
#else
#define HOTPATCH_UNUSED
#endif

HOTPATCH_UNUSED static struct hotpatch_shadow **hotpatch_shadow_find(const void *object, unsigned long long id)
{
    unsigned long long mixed = ((unsigned long long)(size_t)object >> 4) * 0x9e3779b97f4a7c15ull + id;
    struct hotpatch_shadow **link = &hotpatch_shadows[(mixed >> 32) % HOTPATCH_SHADOW_CHAINS];
    while (*link && ((*link)->object != object || (*link)->id != id)) {
        link = &(*link)->next;
    }
    return link;
}

/* The value of an object, or null where it has none. */
HOTPATCH_UNUSED static void *hotpatch_shadow_get(const void *object, unsigned long long id)
{
    struct hotpatch_shadow *found;
    AcquireSRWLockExclusive((struct _RTL_SRWLOCK *)&hotpatch_shadow_lock);
    found = *hotpatch_shadow_find(object, id);
    ReleaseSRWLockExclusive((struct _RTL_SRWLOCK *)&hotpatch_shadow_lock);
    return found ? (void *)(found + 1) : NULL;
}

/* The value of an object; made of `size` zero bytes where it has none. Null where there is
 * no memory. */
HOTPATCH_UNUSED static void *hotpatch_shadow_get_or_alloc(const void *object, unsigned long long id, size_t size)
{
    struct hotpatch_shadow **link, *found;
    AcquireSRWLockExclusive((struct _RTL_SRWLOCK *)&hotpatch_shadow_lock);
    link = hotpatch_shadow_find(object, id);
    found = *link;
    if (!found) {
        /* 8 is HEAP_ZERO_MEMORY. */
        found = (struct hotpatch_shadow *)HeapAlloc(GetProcessHeap(), 8, sizeof *found + size);
        if (found) {
            found->object = object;
            found->id = id;
            *link = found;
        }
    }
    ReleaseSRWLockExclusive((struct _RTL_SRWLOCK *)&hotpatch_shadow_lock);
    return found ? (void *)(found + 1) : NULL;
}

/* Frees the value of an object, if it has one. */
HOTPATCH_UNUSED static void hotpatch_shadow_free(const void *object, unsigned long long id)
{
    struct hotpatch_shadow **link, *found;
    AcquireSRWLockExclusive((struct _RTL_SRWLOCK *)&hotpatch_shadow_lock);
    link = hotpatch_shadow_find(object, id);
    found = *link;
    if (found) {
        *link = found->next;
    }
    ReleaseSRWLockExclusive((struct _RTL_SRWLOCK *)&hotpatch_shadow_lock);
    if (found) {
        HeapFree(GetProcessHeap(), 0, found);
    }
}

/* Frees every value of every object. */
HOTPATCH_UNUSED static void hotpatch_shadow_free_all(void)
{
    int chain;
    AcquireSRWLockExclusive((struct _RTL_SRWLOCK *)&hotpatch_shadow_lock);
    for (chain = 0; chain < HOTPATCH_SHADOW_CHAINS; chain++) {
        while (hotpatch_shadows[chain]) {
            struct hotpatch_shadow *next = hotpatch_shadows[chain]->next;
            HeapFree(GetProcessHeap(), 0, hotpatch_shadows[chain]);
            hotpatch_shadows[chain] = next;
        }
    }
    ReleaseSRWLockExclusive((struct _RTL_SRWLOCK *)&hotpatch_shadow_lock);
}

#define HOTPATCH_SHADOW_GET(object, id, type) ((type *)hotpatch_shadow_get((object), (id)))
#define HOTPATCH_SHADOW_GET_OR_ALLOC(object, id, type) \
    ((type *)hotpatch_shadow_get_or_alloc((object), (id), sizeof(type)))

#endif
