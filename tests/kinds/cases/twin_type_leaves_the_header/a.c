#include "node.h"
struct node first, *volatile list = &first;
int other(int);
__attribute__((noinline)) int key(int k) { list->key += k; return list->key; }
int start(void) { return key(3) + other(2); }
