// Constants whose order and number changes, so that others behind them move.
%const {{static#q: ~~ static const int @pad[7] = { 1, 2, 3, 4, 5, 6, 7 };}}
%const static const int @first[2] = { 10, 20 };
%const {{static#m:static const int @middle[3] = { 5, 6, 7 }; ~~ }}
%const static const int @second[2] = { 30, {{init:40 ~~ 41}} };
%fn NOINLINE int @sum(const int *from, const int *to)
{
    int sum = 0;
    while (from < to) sum = sum * {{const:3 ~~ 5}} + *from++;
    return sum;
}
%fn NOINLINE int @ends(int n)
{
    return @sum(@first + n, @first + 2) {{op:+ ~~ ^}} @sum(@second, @second + 2);
}
%fn NOINLINE int @mid(int n)
{
    {{static#m:return @middle[n % 3u]; ~~ return n;}}
}
%fn NOINLINE int @padded(int n)
{
    {{static#q: ~~ n += @pad[n % 7u];}}
    return n;
}
%fn EXPORT int @run(int round)
{
    emit(@ends(round & 1));
    emit(@mid(hidden(round)));
    return @padded(round);
}
