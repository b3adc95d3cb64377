struct entry { int key, value; };
#define ROW(name, key, value) \
    __attribute__((section(".rdata$rows$m"), used)) static const struct entry name = { key, value }
#ifdef NEW
ROW(second, 2, 40);
ROW(first, 1, 30);
#else
ROW(first, 1, 30);
ROW(second, 2, 41);
#endif
