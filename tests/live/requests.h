/* What the programs of tests/live share: a server that loads a library, reads requests line
 * by line from its standard input, and answers each with one line. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

/* A function of the library, found by its name when the program starts. */
#define IMPORT(name) static __typeof__(&name) dynamic_##name
#define GET(variable, name)                                                              \
    do {                                                                                 \
        variable = (__typeof__(variable))(void *)GetProcAddress(library, name);          \
        if (!variable) {                                                                 \
            puts("the library has no " name);                                            \
            return 1;                                                                    \
        }                                                                                \
    } while (0)
#define FIND(name) GET(dynamic_##name, #name)

struct request {
    const char *name;
    void (*answer)(void);
};

static int serve(const struct request *requests) {
    char line[80];
    setvbuf(stdout, NULL, _IONBF, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        const struct request *r = requests;
        line[strcspn(line, "\r\n")] = 0;
        while (r->name && strcmp(r->name, line) != 0)
            r++;
        if (r->name)
            r->answer();
        else
            puts("unknown request");
    }
    return 0;
}
