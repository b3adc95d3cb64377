#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct Light { enum class Colour : short { RED, 
#ifdef NEW
  GREEN, YELLOW
#else
  YELLOW, GREEN
#endif
 }; Colour all[4]; };
Light light;
extern "C" NOINLINE int green(int k) { return light.all[k & 3] == Light::Colour::GREEN; }
extern "C" int start() { light.all[1] = Light::Colour::YELLOW; return green(1); }
