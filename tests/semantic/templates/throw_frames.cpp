// Handlers that use what their function has on its stack: arrays, floating-point numbers,
// parameters and references.
%needs exceptions
%let N = 5..40
%type struct @Big { int all[6]; };
%var static int @seed = {{init:3 ~~ 5}};
%fn NOINLINE double @half(int n)
{
    if (n % 3 == 0) throw n * {{const:0.5 ~~ 0.25}};
    return n;
}
%fn NOINLINE int @arrays(int n, int m, double scale, int last)
{
    int table[$N];
    double held = scale * {{const:1.5 ~~ 2.5}};
    for (int i = 0; i < $N; i++) table[i] = i {{op:* ~~ +}} n;
    int &back = table[$N - 1];
    try {
        held += @half(n);
        table[0] = (int)held;
    } catch (double number) {
        held -= number;
        back += m {{op:+ ~~ -}} last;
        table[0] = (int)(held * 4) + {{const:1 ~~ 2}};
    }
    return table[0] + back + table[n % $N] + (int)held;
}
%fn NOINLINE int @large(int n)
{
    @Big big = { { n, 2, {{const:3 ~~ 30}}, 4, 5, 6 } };
    try {
        big.all[1] = (int)@half(n);
        throw big;
    } catch (@Big &caught) {
        big.all[0] {{op:+= ~~ -=}} caught.all[2] * caught.all[1];
    } catch (double number) {
        {{stmt:big.all[3] = (int)number; ~~ big.all[4] = @seed++; ~~}}
    }
    int sum = 0;
    for (int i = 0; i < 6; i++) sum = sum * 3 + big.all[i];
    return sum;
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 3; n++) emit(@arrays(hidden(round + n), n, hidden(round), {{const:4 ~~ 6}}));
    return @large(hidden(round)) + @large(hidden(round + 1)) * 5;
}
