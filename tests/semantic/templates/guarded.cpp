// Local statics that are initialised when they are first reached.
%unmodelled
%fn NOINLINE int @start(int n)
{
    return n * {{const:5 ~~ 6}};
}
%fn NOINLINE int @lazy(int n)
{
    static int first = @start(n);
    {{static: ~~ static int between = @start(n + 1); first += between;}}
    static int second = @start(n + 2);
    first += n;
    return first {{op:* ~~ +}} 3 + second;
}
%fn NOINLINE int @other(int n)
{
    static int own = @start(n) {{const:+ 1 ~~ + 2}};
    return own++;
}
%fn EXPORT int @run(int round)
{
    emit(@lazy(hidden(round)));
    return @other(hidden(round));
}
