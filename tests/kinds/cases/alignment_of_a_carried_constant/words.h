#ifdef NEW
__attribute__((aligned(16)))
#endif
extern const struct words { long long w[6]; } words;
