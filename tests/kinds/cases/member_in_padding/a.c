struct job {
  char kind;
#ifdef NEW
  char urgent;
#endif
  int cost;
};
struct job jobs[2] = {{.kind = 1, .cost = 30}, {.kind = 2, .cost = 40}};
int volatile which = 1;
__attribute__((noinline)) int price(struct job *job) {
#ifdef NEW
  if (job->urgent) return 0;
#endif
  return job->cost + job->kind;
}
int start(void) { return price(&jobs[which]); }
