#include "../in/state.c"
