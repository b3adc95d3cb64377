// Clang writes a class where its constructor is, and that one is in a file without types.
struct Shop {
    int price, sold;
#ifdef NEW
    int rebate;
#endif
    Shop();
    int sum() const;
};
Shop *made();
__attribute__((noinline)) int Shop::sum() const {
#ifdef NEW
    return price * 2 + sold - rebate;
#else
    return price * 2 + sold;
#endif
}
extern "C" int start() { return made()->sum(); }
