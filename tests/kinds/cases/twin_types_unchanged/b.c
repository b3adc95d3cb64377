#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct node { struct node *next; long long big; int key; };
static struct node *head;
NOINLINE int b_key(void) { return head ? head->key : 4; }
void b_set(void *p) { head = p; }
int a_key(void); void a_set(void *);
int start(void) { a_set(0); b_set(0); return a_key() + b_key(); }
