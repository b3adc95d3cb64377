#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct node { struct node *next; int key; };
static struct node *stack;
void stack_set(void *p) { stack = p; }
NOINLINE int stack_key(int k) { if (!stack) return k; stack->key -= k; return stack->key; }
int queue_key(int); void queue_set(void *);
int start(void) { queue_set(0); stack_set(0); return queue_key(3) + stack_key(1); }
