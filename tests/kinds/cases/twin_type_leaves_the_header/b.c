#ifdef NEW
struct node { long long many; struct node *next; int key; };
#else
#include "node.h"
#endif
struct node *volatile others;
__attribute__((noinline)) int other(int k) {
    for (struct node *n = others; n; n = n->next) k += n->key;
    return k;
}
