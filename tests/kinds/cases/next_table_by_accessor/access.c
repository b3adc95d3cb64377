extern const long cubes[];
const long *second(void) { return cubes; }
