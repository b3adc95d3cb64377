extern "C" int _fltused = 1;
struct Price { int whole; short part; };
struct Cost { short part; int whole; };
alignas(4) static char room[64];
template <class T> struct List {
  void *elements;
  int count;
  T &at(int i) { return static_cast<T *>(elements)[i]; }
};
volatile int three = 3;
#ifdef NEW
#define ELEMENT Cost
#else
#define ELEMENT Price
#endif
List<ELEMENT> list = {room, 0};
extern "C" __attribute__((noinline)) void add(int whole) {
  list.at(list.count).whole = whole;
  list.at(list.count++).part = 1;
}
extern "C" __attribute__((noinline)) int sum() {
  int sum = 0;
  for (int i = 0; i < list.count; i++) sum += list.at(i).whole;
  return sum;
}
Price price;
Cost cost;
extern "C" int start() {
  add(three);
  price.part = cost.part = three;
  return sum();
}
