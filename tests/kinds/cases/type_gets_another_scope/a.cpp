#ifdef NEW
namespace bank { struct account { int owner, balance; int sum() const; }; }
using bank::account;
#else
struct account { int balance, owner; int sum() const; };
#endif
extern "C" {
static long long memory[2];
volatile int five = 5;
}
__attribute__((noinline)) int account::sum() const { return balance * 10 + owner; }
__attribute__((noinline)) void fill(account *a) {
    a->balance = five;
    a->owner = 7;
}
extern "C" int start() {
    account *a = (account *)memory;
    fill(a);
    return a->sum();
}
