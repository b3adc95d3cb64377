// Functions that throw nothing, or catch all of it themselves, and numbers behind pointers.
%needs exceptions
%type struct @Scope { int *at; @Scope(int *where) noexcept : at(where) { *at += 1; } ~@Scope() noexcept { *at -= {{const:1 ~~ 2}}; } };
%var static int @depth;
%var static int @numbers[4] = { 1, {{init:2 ~~ 7}}, 3, 4 };
%fn NOINLINE int @may(int n)
{
    if (n & 1) throw &@numbers[n & 3];
    return n {{op:+ ~~ *}} @depth;
}
%fn NOINLINE int @never(int n) noexcept
{
    @Scope scope(&@depth);
    try {
        return @may(n) {{const:+ 0 ~~ + 3}};
    } catch (int *at) {
        *at {{op:+= ~~ ^=}} n;
        return *at;
    }
}
%fn NOINLINE int @even(int n) {{spec:noexcept ~~ }}
{
    @Scope scope(&@depth);
    return @may(n & ~1) {{op:- ~~ +}} 5;
}
%fn NOINLINE int @pointers(int n)
{
    @Scope scope(&@depth);
    try {
        {{stmt: ~~ @Scope inner(&@depth);}}
        return @may(n | 1);
    } catch ({{catch:const int *at) { return *at ~~ const void *at) { return at ? 6 : 5 ~~ int *at) { return *at}} + @depth; }
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 4; n++) emit(@never(hidden(round + n)));
    emit(@even(hidden(round)));
    return @pointers(hidden(round)) {{op:+ ~~ ^}} @depth;
}
