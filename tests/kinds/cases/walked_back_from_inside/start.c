#include "start.h"
int p4_run(int round);
void run_all(int round) {
    result("p4", p4_run(round));
}
