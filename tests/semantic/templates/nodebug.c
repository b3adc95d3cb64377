// A file without debug information between files that have it.
%type int @quiet(int n); extern int @loud_state;
%var int @loud_state = 5;
%fn EXPORT int @run(int round)
{
    @loud_state += {{const:1 ~~ 2}};
    return @quiet(hidden(round)) {{op:+ ~~ ^}} @loud_state;
}
%file quiet.c nodebug
%type extern int @loud_state;
%var static int hits = 3;
%const static const int steps[4] = { 5, {{init:6 ~~ 7}}, 7, 8 };
%fn static NOINLINE int leaf(int n)
{
    return n * {{const:9 ~~ 10}};
}
%fn static NOINLINE int other(int n)
{
    return n {{op:+ ~~ -}} steps[n & 3];
}
%var static int (*handler)(int) = leaf;
%fn int @quiet(int n)
{
    hits += handler(n);
    handler = n & 1 ? other : leaf;
    {{stmt:@loud_state ^= 1; ~~ }}
    return hits;
}
