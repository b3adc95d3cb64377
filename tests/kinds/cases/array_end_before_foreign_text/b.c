__attribute__((noinline)) static int at(const char *text, int n) { return text[n]; }
int letter(int n) { return at("p6", n); }
