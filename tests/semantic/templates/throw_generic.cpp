// Class and function templates and inline functions with handlers, of which two files have
// copies.
%needs exceptions
%type struct @Fault { int n; }; EXPORT int @other(int n);
%type template <class E> struct @Caught { int count; template <class F> NOINLINE int run(F f, int n) { try { return f(n); } catch (E error) { count++; return error.n + {{const:1 ~~ 2}}; } } };
%type inline NOINLINE int @common(int n) { try { if (n & 1) throw n; return n; } catch (int m) { return m {{op#both:* ~~ +}} 3; } }
%var static @Caught<@Fault> @kept = { {{init:1 ~~ 2}} };
%fn NOINLINE int @first(int n)
{
    return @kept.run([](int m) -> int { if (m % 3 == 0) throw @Fault{ m {{op:+ ~~ ^}} 6 }; return m; }, n);
}
%fn NOINLINE int @second(int n)
{
    @Caught<@Fault> own = { 0 };
    int got = own.run([n](int m) -> int { throw @Fault{ m * n + {{const:4 ~~ 5}} }; }, n);
    return got * 10 + own.count;
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 3; n++) emit(@first(hidden(round + n)));
    emit(@second(hidden(round)));
    emit(@common(hidden(round)) + @common(hidden(round + 1)));
    return @other(hidden(round)) {{op:+ ~~ -}} @kept.count;
}
%file own/other.cpp
%type inline NOINLINE int @common(int n) { try { if (n & 1) throw n; return n; } catch (int m) { return m {{op#both:* ~~ +}} 3; } }
%type EXPORT int @other(int n);
%var static int @held = 4;
%fn EXPORT int @other(int n)
{
    try {
        @held += @common(n);
        if (@held {{cond:> ~~ <}} 20) throw (char)@held;
        return @held;
    } catch (char letter) {
        return letter - {{const:30 ~~ 40}};
    }
}
