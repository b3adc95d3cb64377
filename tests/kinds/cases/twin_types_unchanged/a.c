#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct node { struct node *next; int key; };
static struct node *head;
NOINLINE int a_key(void) { return head ? head->key : OLD_NEW(1, 2); }
void a_set(void *p) { head = p; }
