// Compound literals and constants without a name, entered at the start and in the middle.
%type struct @pair { int a, b, c; };
%const static const int *const @anonymous = (const int[]){ 4, {{init:5 ~~ 50}}, 6, 7 };
%const static const int *const @middle = (const int[]){ 40, 41, {{init:42 ~~ 43}}, 44 } + 2;
%fn NOINLINE int @sum(const struct @pair *pair)
{
    return pair->a * 100 + pair->b {{op:* ~~ +}} 10 + pair->c;
}
%fn NOINLINE int @local(int n)
{
    struct @pair pair = { 1, {{const:2 ~~ 3}}, n };
    return @sum(&pair) + @sum(&(struct @pair){ 7, n, {{const:8 ~~ 9}} });
}
%fn NOINLINE int @array(int n)
{
    const int copy[8] = { 3, 1, 4, 1, {{const:5 ~~ 15}}, 9, 2, 6 };
    return copy[n & 7] + copy[(n + 3) & 7];
}
%fn EXPORT int @run(int round)
{
    emit(@local(round));
    emit(@array(hidden(round)));
    emit(@anonymous[hidden(1)] + @anonymous[0]);
    return @middle[hidden(-1)] + @middle[hidden(round & 1)];
}
