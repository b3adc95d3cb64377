// Floating constants, some that other functions share, in registers and in tables.
%const static const double @rates[4] = { 1.5, {{init:2.25 ~~ 2.5}}, 0.125, 8.0 };
%var static float @sum = 1.0f;
%fn NOINLINE int @scale(int n)
{
    double x = n * {{const:3.75 ~~ 4.75}};
    return (int)(x {{op:+ ~~ -}} 0.5);
}
%fn NOINLINE int @shared(int n)
{
    return (int)(n * 3.75 + {{const:100.0 ~~ 3.75}});
}
%fn NOINLINE int @single(int n)
{
    @sum = @sum * {{const:1.25f ~~ 1.5f}} + n;
    return (int)@sum;
}
%fn NOINLINE int @absolute(int n)
{
    double x = n - 2.5;
    x = __builtin_fabs(x) * @rates[n & 3];
    return (int)(x * 8);
}
%fn EXPORT int @run(int round)
{
    emit(@scale(hidden(round)));
    emit(@shared(hidden(round)));
    emit(@single(round));
    return @absolute(hidden(round));
}
