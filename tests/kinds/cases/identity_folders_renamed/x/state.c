#include "../out/state.c"
