// Blocks that try inside of others, handlers that throw, and what is thrown once more.
%needs exceptions
%let A = 3..20
%type struct @Error { int code; int depth; };
%var static int @log;
%fn NOINLINE void @note(int n)
{
    @log = @log * {{const:7 ~~ 9}} + n;
}
%fn NOINLINE void @fail(int n)
{
    if (n % 3 == 0) throw n;
    @Error error = { n, {{const:0 ~~ 1}} };
    if (n % 3 == 1) throw error;
}
%fn NOINLINE int @inner(int n)
{
    try {
        try {
            @fail(n);
            @note(1);
        } catch (int number) {
            @note({{const:2 ~~ 22}});
            if (number {{cond:> ~~ <}} $A) throw;
            @Error error = { number, 2 };
            throw error;
        }
    } catch (@Error &error) {
        error.depth {{op:+= ~~ -=}} 10;
        error.code++;
        {{stmt:@note(error.code); ~~ @note(error.depth); ~~}}
        throw;
    }
    return n;
}
%fn NOINLINE int @outer(int n)
{
    try {
        return @inner(n) {{op:+ ~~ *}} 2;
    } catch (@Error error) {
        try {
            @fail(error.code + {{const:1 ~~ 2}});
        } {{catch:catch (int) { @note(5); } catch (@Error &) { @note(6); } ~~ catch (@Error &) { @note(6); } catch (int) { @note(5); } ~~ catch (...) { @note(7); } }}
        return error.code * 100 + error.depth;
    } catch (int number) {
        return {{call:number - 1 ~~ @outer(number + 1)}};
    }
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 4; n++) emit(@outer(hidden(round * 3 + n)));
    return @log;
}
