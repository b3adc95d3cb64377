// Two files that hold the same text but for their state: nothing tells their statics apart.
%type int @one(int n); int @two(int n);
%fn EXPORT int @run(int round)
{
    emit(@one(round));
    return @two(round {{op:+ ~~ *}} 2);
}
%file a/part.c
%var static int value = 1;
%var static int seen;
%fn static NOINLINE int add(int n)
{
    seen++;
    value = value * {{const:3 ~~ 5}} + n;
    return value;
}
%fn int @one(int n)
{
    return add(n) + seen;
}
%file b/part.c
%var static int value = 2;
%var static int seen;
%fn static NOINLINE int add(int n)
{
    seen++;
    value = value * {{const:3 ~~ 7}} + n;
    return value;
}
%fn int @two(int n)
{
    return add(n) + seen;
}
