// Lambdas, some in templates; one comes before others.
%type template <class F> NOINLINE int @apply(F f, int n) { return f(n) + f(n + 1); }
%var static int @state = 2;
%fn NOINLINE int @several(int n)
{
    {{lambda: ~~ n += @apply([](int x) { return x * 9; }, n);}}
    int a = @apply([](int x) { return x {{op:* ~~ +}} 2; }, n);
    int b = @apply([n](int x) { return x + n {{const:+ 0 ~~ + 4}}; }, n);
    int c = @apply([&](int x) { @state += x; return @state; }, n);
    return a * 7 + b * 3 + c;
}
%fn NOINLINE int @other(int n)
{
    return @apply([=](int x) { return x ^ {{const:5 ~~ 6}}; }, n);
}
%fn EXPORT int @run(int round)
{
    emit(@several(hidden(round)));
    return @other(hidden(round));
}
