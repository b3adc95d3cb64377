// Files of one base name in two folders, with statics and functions of the same names.
%let A = 2..60
%let B = 61..99
%type int @left(int n); int @right(int n);
%fn EXPORT int @run(int round)
{
    emit(@left(hidden(round)));
    return @right(hidden(round));
}
%file x/util.c
%var static int count = $A;
%const static const int rates[3] = { 1, {{init:4 ~~ 5}}, 9 };
%fn static NOINLINE int step(int n)
{
    count += n {{op:+ ~~ -}} {{const:1 ~~ 3}};
    return count * rates[n % 3u];
}
%fn int @left(int n)
{
    return step(n) {{op:+ ~~ ^}} 1;
}
%file y/util.c
%var static int count = $B;
%const static const int rates[3] = { 2, 6, {{init:7 ~~ 8}} };
%fn static NOINLINE int step(int n)
{
    count -= n {{op:+ ~~ -}} {{const:2 ~~ 5}};
    return count * rates[n % 3u];
}
%fn int @right(int n)
{
    return step(n) {{op:- ~~ |}} 1;
}
