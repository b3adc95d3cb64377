// Functions that call themselves and each other, and calls through tails.
%fn NOINLINE int @even(int n)
{
    return n == 0 ? {{const:1 ~~ 5}} : @odd(n - 1);
}
%fn NOINLINE int @odd(int n)
{
    return n == 0 ? 0 : @even(n {{op:- ~~ -}} 1) {{const:+ 0 ~~ + 1}};
}
%fn NOINLINE int @fib(int n)
{
    if (n {{cond:< ~~ <=}} 2) return n;
    return @fib(n - 1) + @fib(n - 2) {{stmt:+ 0 ~~ + n}};
}
%fn NOINLINE int @loop(int n)
{
    int sum = 0;
    for (int i = {{const:0 ~~ 1}}; i < n; i++) {
        if (i & 1) {{cond:continue ~~ break}};
        sum += i * i {{op:+ ~~ ^}} n;
    }
    return sum;
}
%fn EXPORT int @run(int round)
{
    emit(@even(hidden(round)));
    emit(@fib(hidden(round + 4)));
    return @loop(hidden(round + 6));
}
