#ifndef NEW
__attribute__((used)) const int before[24] = {3};
#endif
int beside;
