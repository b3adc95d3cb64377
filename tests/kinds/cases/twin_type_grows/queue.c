#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct node { struct node *next; int key; OLD_NEW(, int weight;) };
static struct node *queue;
void queue_set(void *p) { queue = p; }
NOINLINE int queue_key(int k) { if (!queue) return k; queue->key += k; return queue->key OLD_NEW(, + queue->weight); }
