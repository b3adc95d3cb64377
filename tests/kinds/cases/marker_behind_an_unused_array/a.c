struct node { const struct node *up; };
#ifdef NEW
const long long unused[4] = { 1, 2, 3, 4 };
#define STEP 2
#else
#define STEP 1
#endif
static const struct node root = { 0 };
static struct node child = { &root }, leaf = { &child };
const struct node *volatile current = &leaf;
__attribute__((noinline)) int depth(void) {
  int steps = 0;
  for (const struct node *n = current; n != &root; n = n->up) steps += STEP;
  return steps;
}
int start(void) { return depth(); }
