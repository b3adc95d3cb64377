// The layout that this file had is that of the first build still.
struct Shop {
    int price, sold, rebate;
    Shop();
};
static char memory[16];
volatile int five = 5;
Shop::Shop() : price(five), sold(3), rebate(0) {}
inline void *operator new(decltype(sizeof 0), void *place) noexcept { return place; }
__attribute__((noinline)) Shop *made() { return new (memory) Shop; }
