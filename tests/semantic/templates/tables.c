// Tables of functions: constant, and writable. A function that is in no table any more may still
// be in a variable, so it is there in both builds.
%fn NOINLINE int @add(int a)
{
    return a + {{const:3 ~~ 4}};
}
%fn NOINLINE int @mul(int a)
{
    return a {{op:* ~~ ^}} 7;
}
%fn NOINLINE int @neg(int a)
{
    return {{const:-a ~~ ~a}};
}
%const static int (*const @steps[3])(int) = { @add, {{init:@mul ~~ @neg}}, @neg };
%var static int (*@current)(int) = @add;
%fn NOINLINE int @next(int n)
{
    @current = @steps[n % {{const:3u ~~ 2u}}];
    return n;
}
%fn EXPORT int @run(int round)
{
    emit(@steps[hidden(round) % 3u](round));
    emit(@current(round));
    return @next(round);
}
