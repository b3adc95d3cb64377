// Attributes of inlining change, and so does what is inlined.
%var static int @seen;
%fn static {{inline: ~~ NOINLINE ~~ ALWAYS}} int @tiny(int n)
{
    return n {{op:+ ~~ ^}} {{const:1 ~~ 2}};
}
%fn static {{inline:ALWAYS ~~ NOINLINE}} int @always(int n)
{
    @seen++;
    return n * {{const:3 ~~ 5}} - @seen;
}
%fn {{inline:NOINLINE ~~ }} int @never(int n)
{
    return @tiny(n) * @always(n);
}
%fn static int @once(int n)
{
    return n % 7 {{op:+ ~~ -}} @tiny(n + 2);
}
%fn EXPORT int @run(int round)
{
    emit(@never(hidden(round)));
    emit(@once(hidden(round * 5)));
    return @always(@tiny(round));
}
