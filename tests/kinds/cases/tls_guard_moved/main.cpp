extern "C" int amounts(), prices();
extern "C" int start() {
    int n = amounts() + prices();
    return n * 2 + amounts();
}
