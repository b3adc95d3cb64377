struct node { long long many; void *things; int key; };
__attribute__((noinline)) int fresh(void *p, int k) { struct node *volatile mine = p; mine->key += k; return mine->key; }
