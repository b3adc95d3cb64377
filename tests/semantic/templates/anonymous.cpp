// Types and statics of anonymous namespaces and local types, the same names in two files.
%type int @north(int n); int @south(int n);
%fn EXPORT int @run(int round)
{
    emit(@north(hidden(round)));
    return @south(hidden(round));
}
%file n/hidden.cpp
%type int @north(int n);
%raw namespace { struct Item { int a; {{member:short b; ~~ int b;}} int c; }; Item held = { 1, 2, 3 }; }
%var static int extra = 4;
%fn static NOINLINE int use(int n)
{
    struct Local { int x, y; } local = { n, {{const:5 ~~ 6}} };
    held.a += local.x; held.c += local.y;
    return held.a * 3 {{op:+ ~~ ^}} held.b + held.c;
}
%fn int @north(int n)
{
    return use(n) + extra++;
}
%file s/hidden.cpp
%type int @south(int n);
%raw namespace { struct Item { int a, b; }; Item held = { 7, 8 }; }
%var static int extra = 9;
%fn static NOINLINE int use(int n)
{
    held.a -= n; held.b {{op:+= ~~ ^=}} 2;
    return held.a * {{const:5 ~~ 3}} + held.b;
}
%fn int @south(int n)
{
    return use(n) + extra--;
}
