// Functions whose address is compared, stored and called, some of the same code (folded).
%type typedef int @function(int);
%fn NOINLINE int @one(int n)
{
    return n * 3 + {{const:1 ~~ 2}};
}
%fn NOINLINE int @two(int n)
{
    return n * 3 + 1;
}
%fn NOINLINE int @three(int n)
{
    return n {{op:^ ~~ +}} 77;
}
%var static int (*@list[3])(int) = { @one, @two, {{init:@three ~~ @one}} };
%fn NOINLINE int @which(@function *f)
{
    if (f == @three) return {{const:30 ~~ 31}};
    return f(2);
}
%fn EXPORT int @run(int round)
{
    int (*f)(int) = @list[hidden(round) % 3u];
    emit(@which(f));
    emit(f(round));
    if (round == 2) @list[0] = {{call:@three ~~ @two}};
    return @list[0](round);
}
