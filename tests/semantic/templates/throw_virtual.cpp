// Virtual functions and lambdas throw.
%needs exceptions
%type struct @Step { int n; virtual int go(int m); virtual int back(int m); VERSIONS(int go__0(int m); int go__1(int m); int back__0(int m); int back__1(int m);) };
%type struct @Jump : @Step { int go(int m) override; VERSIONS(int go__0(int m); int go__1(int m);) };
%type template <class F> NOINLINE int @apply(F f, int n) { try { return f(n); } catch (short small) { return small; } }
%var static int @state = 3;
%fn int @Step::go(int m)
{
    if (m & 1) throw m {{op:+ ~~ *}} n;
    return m;
}
%fn int @Step::back(int m)
{
    return n - m {{const:+ 0 ~~ + 6}};
}
%fn int @Jump::go(int m)
{
    try {
        return @Step::go(m + {{const:1 ~~ 2}});
    } catch (int number) {
        if (number {{cond:> ~~ >=}} 9) throw (short)number;
        return back(number);
    }
}
%fn NOINLINE int @walk(@Step *step, int m)
{
    try {
        return step->go(m);
    } catch (int number) {
        return number {{op:* ~~ +}} 100;
    }
}
%fn NOINLINE int @several(int n)
{
    int a = @apply([](int x) -> int { if (x & 2) throw (short)(x {{op:* ~~ +}} 3); return x; }, n);
    int b = @apply([n](int x) -> int { try { throw x + n; } catch (int y) { return y {{const:+ 1 ~~ + 2}}; } }, n);
    int c = @apply([&](int x) -> int { @state += x; if (@state & 1) throw (short){{const:5 ~~ 6}}; return @state; }, n);
    return a * 49 + b * 7 + c;
}
%fn EXPORT int @run(int round)
{
    @Step step; step.n = 4;
    @Jump jump; jump.n = round;
    for (int m = 0; m < 4; m++) {
        emit(@walk(&step, hidden(m)));
        try { emit(@walk(&jump, hidden(m + round))); } catch (short small) { emit(small); }
    }
    return @several(hidden(round));
}
