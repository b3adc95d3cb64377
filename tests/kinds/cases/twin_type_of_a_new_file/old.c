#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct node { struct node *next; int key; };
struct node first, *volatile list = &first;
#ifdef NEW
int fresh(void *, int);
#endif
NOINLINE int key(int k) { list->key += k; return list->key + OLD_NEW(0, fresh(list, k)); }
int start(void) { return key(3); }
