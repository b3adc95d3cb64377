// Vector constants and loops that are vectorised.
%type typedef int @four __attribute__((vector_size(16)));
%const static const int @weights[16] = { 1, 2, 3, 4, 5, {{init:6 ~~ 60}}, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
%var static int @totals[16];
%fn NOINLINE int @dot(int n)
{
    int sum = 0;
    for (int i = 0; i < 16; i++) { @totals[i] += @weights[i] * n; sum += @totals[i] {{op:^ ~~ +}} i; }
    return sum;
}
%fn NOINLINE int @mask(int n)
{
    @four v = { n, n + 1, n + 2, n + 3 };
    v = v * (@four){ 3, {{const:5 ~~ 6}}, 7, 9 } {{op:+ ~~ ^}} (@four){ 1, 1, 2, 2 };
    return v[0] + v[1] * 3 + v[2] * 5 + v[3];
}
%fn EXPORT int @run(int round)
{
    emit(@dot(hidden(round)));
    return @mask(hidden(round));
}
