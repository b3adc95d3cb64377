// What C++ throws, seen by structured handlers, and destructors between both.
%needs exceptions msvc
%unmodelled
%type EXPORT unsigned long _exception_code(void);
%type void @gone(int n);
%type struct @Guard { int n; ~@Guard() { @gone(n {{op:+ ~~ ^}} 1); } };
%var static int @trace;
%fn NOINLINE void @gone(int n)
{
    @trace = @trace * 5 + n {{const:+ 0 ~~ + 1}};
}
%fn NOINLINE void @throws(int n)
{
    @Guard guard = { n };
    if (n % 3 == 0) throw n;
    if (n % 3 == 1) throw (short)(n {{op:+ ~~ *}} 2);
    @trace ^= {{const:21 ~~ 22}};
}
%fn NOINLINE int @catches(int n)
{
    @Guard guard = { n + {{const:2 ~~ 3}} };
    try {
        @throws(n);
    } catch ({{catch:int ~~ short}} number) {
        return number {{op:* ~~ -}} 3;
    }
    return n;
}
%fn NOINLINE int @structured(int n)
{
    int got = 0;
    __try {
        got = @catches(n);
    } __except (_exception_code() == {{filter:0xe06d7363 ~~ 0xe06d7363 && n}}) {
        got = -n - {{const:1 ~~ 4}};
    }
    return got;
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 4; n++) emit(@structured(hidden(round + n + 1)));
    return @trace;
}
