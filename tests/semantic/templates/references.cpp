// References, const objects with constructors, and classes held by value.
%type struct @Point { int x, y; constexpr @Point(int a, int b) : x(a), y(b) {} int dot(const @Point &other) const { return x * other.x + y * other.y; } };
%const static constexpr @Point @origin = @Point(1, {{init:2 ~~ 3}});
%const static const @Point *const @corners[2] = { &@origin, &@origin };
%var static @Point @cursor = @Point(4, 5);
%fn NOINLINE int @move(@Point &point, int n)
{
    point.x += n; point.y {{op:-= ~~ ^=}} {{const:1 ~~ 2}};
    return point.dot(@origin);
}
%fn NOINLINE int @corner(int n)
{
    return @corners[n & 1]->dot(@Point(n, {{const:3 ~~ 4}}));
}
%fn EXPORT int @run(int round)
{
    emit(@move(@cursor, hidden(round)));
    return @corner(hidden(round));
}
