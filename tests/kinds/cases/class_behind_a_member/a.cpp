struct Account {
    int id, balance;
};
struct Bank {
    Account *first;
    int count;
};
#ifdef NEW
struct Limited : Account {
    int limit;
};
#endif
static Account account = { 1, 20 };
int behind = 7;
Bank bank = { &account, 1 };
volatile int nine = 9;

__attribute__((noinline)) static int read(const int *from) { return *from + nine; }
__attribute__((noinline)) static int use(Bank &of) {
#ifdef NEW
    return read(&of.first->balance) + read(&static_cast<Limited *>(of.first)->limit);
#else
    return read(&of.first->balance);
#endif
}
extern "C" int start() { return use(bank) + read(&behind); }
