/* plug.dll: a library that is patched, unloaded and loaded anew. */
#include "common.h"

volatile int ten = 10;

#define EXPORT __declspec(dllexport)

EXPORT SMALL(z0) { ANSWER(V_z0); }
EXPORT SMALL(z1) { ANSWER(V_z1); }
EXPORT MEDIUM(d0) { return ten * x + V_d0; }
EXPORT SMALL(z2) { ANSWER(V_z2); }
EXPORT MEDIUM(d1) { return ten * x + V_d1; }
EXPORT MEDIUM(d2) { return ten * x + V_d2; }
