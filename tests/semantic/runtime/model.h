/* The same for this machine; `p` on standard input is the patch. */
#include "semantic.h"
#include <stdio.h>
#include <stdlib.h>

static char text[16384];
static unsigned length, sum;
int version;

#include "answer.h"

void run_all(int round);

int main(void) {
    int byte, round = 0;
    while ((byte = getchar()) != EOF) {
        if (byte == 'p') {
            version = 1;
        } else if (byte == 'r') {
            run_all(++round);
            text[length++] = '\n';
            fwrite(text, 1, length, stdout);
            fflush(stdout);
            length = 0;
        }
    }
    exit(sum & 63);
}
