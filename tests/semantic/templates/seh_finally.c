// Structured exceptions of the Msvc ABI: blocks that run at the end, in one way or another.
%needs exceptions msvc
%unmodelled
%type __declspec(dllimport) void __stdcall RaiseException(unsigned code, unsigned flags, unsigned count, const void *arguments); int _abnormal_termination(void);
%var static int @log = {{init:1 ~~ 4}};
%fn NOINLINE void @note(int n)
{
    @log = @log * {{const:7 ~~ 5}} + n;
}
%fn NOINLINE void @fail(int n)
{
    if ({{cond:n & 1 ~~ n & 2}}) RaiseException(0xe0000000 + n, 0, 0, 0);
    @note(n {{op:+ ~~ *}} 1);
}
%fn NOINLINE int @ends(int n)
{
    int local = n + {{const:3 ~~ 6}};
    __try {
        @fail(n);
        local {{op:*= ~~ -=}} 2;
    } __finally {
        @note(local);
        {{stmt:@note(_abnormal_termination()); ~~ @note(8); ~~}}
    }
    return local;
}
%fn NOINLINE int @leaves(int n)
{
    int way = 0;
    __try {
        __try {
            if (n == 2) __leave;
            @fail(n + {{const:1 ~~ 0}});
            way = 1;
        } __finally {
            way += {{const:10 ~~ 20}};
            @note(way);
        }
        way {{op:+= ~~ ^=}} 100;
    } __except (way {{cond:< ~~ >=}} 50) {
        way = -1;
    }
    return way;
}
%fn NOINLINE int @outer(int n)
{
    int got = 0;
    __try {
        got = @ends(n) + @leaves(n);
    } __except (1) {
        {{call:@note(9) ~~ got = @leaves(2)}};
        got += {{const:-5 ~~ -6}};
    }
    return got;
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 4; n++) emit(@outer(hidden(round + n)));
    return @log;
}
