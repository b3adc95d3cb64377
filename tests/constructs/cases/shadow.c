// note: HP220
// old: 1 1
// new: 2 2 seen 1 1
// new: 3 3 seen 2 2
// back: 4 4
#include "harness.h"
#if FIX
#include "hotpatch.h"
#endif

struct item {
    int uses;
};
static struct item items[2];

#if FIX
struct seen {
    int count;
};
#endif

NOINLINE static void use(struct item *item) {
    put_number(++item->uses);
#if FIX
    struct seen *seen = HOTPATCH_SHADOW_GET_OR_ALLOC(item, 1, struct seen);
    seen->count++;
#endif
}

void answer(int request) {
    use(&items[0]);
    put(" ");
    use(&items[1]);
#if FIX
    put(" seen");
    for (int i = 0; i < 2; i++) {
        put(" ");
        put_number(HOTPATCH_SHADOW_GET(&items[i], 1, struct seen)->count);
    }
#endif
    (void)request;
}

#if FIX
HOTPATCH_HOOK(after_revert) {
    hotpatch_shadow_free(&items[0], 1);
    hotpatch_shadow_free_all();
    return 0;
}
#endif
