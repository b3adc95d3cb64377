/* Loops, reductions, sections and tasks of several threads with Intel's OpenMP run-time
 * library, built by Intel's compiler. The compiler calls it (clang -fopenmp). */
#define WORKERS 1
#define REST 60
#include "host.h"

enum { NUMBERS = 20000 };
extern int omp_get_num_threads(void);
extern void omp_set_num_threads(int);
extern void omp_init_lock(void **);
extern void omp_set_lock(void **);
extern void omp_unset_lock(void **);
extern void omp_destroy_lock(void **);

static uint64_t fibonacci(int n) {
    uint64_t a, b;
    if (n < 2)
        return (uint64_t)n;
#pragma omp task shared(a)
    a = fibonacci(n - 1);
#pragma omp task shared(b)
    b = fibonacci(n - 2);
#pragma omp taskwait
    return a + b;
}

static uint64_t one_round(uint32_t seed) {
    uint64_t all = EMPTY, sum = 0, alone = 0, atomic = 0, locked = 0, parts[4] = {0};
    double longest = 0;
    uint32_t *numbers = malloc(NUMBERS * sizeof *numbers);
    uint64_t state = seed;
    int threads = 0;
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = next_random(&state);
    omp_set_num_threads(3);
#pragma omp parallel
#pragma omp master
    threads = omp_get_num_threads();
#pragma omp parallel for reduction(+ : sum) schedule(static)
    for (int i = 0; i < NUMBERS; i++)
        sum += numbers[i] * (uint64_t)i;
#pragma omp parallel for reduction(max : longest) schedule(dynamic, 100)
    for (int i = 0; i < NUMBERS; i++) {
        double root = numbers[i] / 3.;
        longest = root > longest ? root : longest;
    }
#pragma omp parallel for ordered schedule(guided)
    for (int i = 0; i < 200; i++) {
#pragma omp ordered
        all = digest(all, &numbers[i], sizeof numbers[i]);
    }
    void *lock;
    omp_init_lock(&lock);
#pragma omp parallel for
    for (int i = 0; i < 300; i++) {
        omp_set_lock(&lock);
        locked += numbers[i];
        omp_unset_lock(&lock);
#pragma omp critical
        alone += 1;
#pragma omp atomic
        atomic += 2;
    }
    omp_destroy_lock(&lock);
#pragma omp parallel sections
    {
#pragma omp section
        parts[0] = numbers[1];
#pragma omp section
        parts[1] = numbers[2];
#pragma omp section
        parts[2] = numbers[3];
    }
#pragma omp parallel
#pragma omp single
    parts[3] = fibonacci(11);
    free(numbers);
    all = digest(digest(all, &sum, sizeof sum), &longest, sizeof longest);
    all = digest(digest(all, &locked, sizeof locked), &alone, sizeof alone);
    all = digest(all, &atomic, sizeof atomic);
    return digest(digest(all, parts, sizeof parts), &threads, sizeof threads);
}

int main(void) {
    return serve_module();
}
