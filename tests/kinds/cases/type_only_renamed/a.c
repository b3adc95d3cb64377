#ifdef NEW
struct account_v2 { int balance, owner; };
typedef struct account_v2 account;
#else
struct account { int balance, owner; };
typedef struct account account;
#endif
static long long memory[2];
volatile int five = 5;
__attribute__((noinline)) void fill(account *a) {
    a->balance = five;
    a->owner = 7;
}
__attribute__((noinline)) int balance(account *a) {
#ifdef NEW
    return a->balance + 1;
#else
    return a->balance;
#endif
}
int start(void) {
    fill((account *)memory);
    return balance((account *)memory);
}
