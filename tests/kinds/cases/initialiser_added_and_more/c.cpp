extern "C" int seed(int);
int second = seed(4);
