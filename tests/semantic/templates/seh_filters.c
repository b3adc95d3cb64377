// Structured exceptions of the Msvc ABI: filters with code of their own, which may also say
// where to go on.
%needs exceptions msvc
%unmodelled
%let A = 2..9
%type __declspec(dllimport) void __stdcall RaiseException(unsigned code, unsigned flags, unsigned count, const void *arguments); unsigned long _exception_code(void); void *_exception_info(void);
%var static int @seen;
%var static volatile int @zero;
%const static const unsigned @codes[4] = { 0xe0000001, 0xe0000002, {{init:0xe0000003 ~~ 0xe0000009}}, 0xe0000004 };
%fn NOINLINE void @fail(int n)
{
    RaiseException(@codes[n & 3], 0, 0, 0);
    @seen += {{const:100 ~~ 200}};
}
%fn NOINLINE int @divide(int a, int b)
{
    return a / b {{op:+ ~~ -}} 1;
}
%fn NOINLINE static int @decide(unsigned long code, int n)
{
    @seen = @seen * 3 + (int)(code & 15) {{const:+ 0 ~~ + 5}};
    if (code == 0xe0000002) return {{filter:-1 ~~ 1}};
    return code == 0xe0000001 || n {{cond:> ~~ <}} 5;
}
%fn NOINLINE int @filtered(int n)
{
    int found = {{const:1 ~~ 2}};
    __try {
        found += n;
        @fail(n);
        found {{op:+= ~~ ^=}} 7;
    } __except (@decide(_exception_code(), found + {{const:0 ~~ 3}})) {
        found = found * 10 + (int)(_exception_code() & 15);
    }
    return found;
}
%fn NOINLINE int @all(int n)
{
    int result = 0;
    __try {
        result = @divide(n * 100, @zero) + {{const:1 ~~ 4}};
    } __except ({{filter:1 ~~ _exception_code() == 0xc0000094}}) {
        result = {{const:-7 ~~ -8}};
    }
    return result;
}
%fn NOINLINE int @within(int n)
{
    __try {
        return @filtered(n);
    } __except (n {{cond:> ~~ !=}} $A ? 1 : (@seen ^= 3, 1)) {
        {{stmt:@seen += n; ~~ @seen -= n; ~~}}
        return -n;
    }
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 4; n++) emit(@within(hidden(round + n)));
    emit(@all(hidden(round)));
    return @seen;
}
