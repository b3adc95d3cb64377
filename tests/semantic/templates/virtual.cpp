// Virtual functions, their tables and objects in state.
%type struct @Shape { int side; virtual int area(int n); virtual int name(int n); VERSIONS(int area__0(int n); int area__1(int n); int name__0(int n); int name__1(int n);) };
%type struct @Square : @Shape { int area(int n) override; VERSIONS(int area__0(int n); int area__1(int n);) };
%fn int @Shape::area(int n)
{
    return side {{op:+ ~~ *}} n;
}
%fn int @Shape::name(int n)
{
    return {{const:1 ~~ 2}} + n;
}
%fn int @Square::area(int n)
{
    side += n;
    return side * side {{op:- ~~ ^}} {{const:3 ~~ 4}};
}
%var static union @Hold { int none; @Shape shape; constexpr @Hold() : none(0) {} } @one;
%var static union @Kept { int none; @Square square; constexpr @Kept() : none(0) {} } @two;
%var static bool @ready;
%fn NOINLINE int @ask(@Shape *shape, int n)
{
    return shape->area(n) {{op:* ~~ +}} 10 + shape->name(n);
}
%fn NOINLINE int @make(int n)
{
    if (@ready) return 0;
    @ready = true;
    @Shape a; a.side = 4;
    @Square b; b.side = n;
    @one.shape = a; @two.square = b;
    __builtin_memcpy((void *)&@one, (void *)&a, sizeof a);
    __builtin_memcpy((void *)&@two, (void *)&b, sizeof b);
    return 1;
}
%fn EXPORT int @run(int round)
{
    emit(@make(5));
    emit(@ask(&@one.shape, hidden(round)));
    return @ask(&@two.square, hidden(round));
}
