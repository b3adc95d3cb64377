// Start and end of arrays passed as a range; constants and variables.
%let N = 2..12
%const static const short @first[$N] = { 3, {{init:1 ~~ 11}}, };
%const static const short @second[5] = { {{init:1 ~~ 6}}, 2, 3, 4, 5 };
%var static int @state[4] = { 4, 3, 2, 1 };
%var static int @next = {{init:5 ~~ 6}};
%fn NOINLINE int @walk(const short *from, const short *to)
{
    int sum = {{const:0 ~~ 9}};
    for (; from < to; from++) {
        sum = sum {{op:* ~~ ^}} 3 + *from;
    }
    return sum;
}
%fn NOINLINE int @states(int *from, int *to)
{
    int sum = 0;
    for (; from != to; from++) {
        *from += {{const:1 ~~ 2}};
        sum += *from;
    }
    return sum;
}
%fn EXPORT int @run(int round)
{
    emit(@walk(@first, @first + $N));
    emit(@walk(@second, @second + {{const:5 ~~ 4}}));
    @next += round;
    return @states(@state, @state + 4) + @next;
}
