// A function that others call, with operators, constants and a condition.
%let A = 3..40
%let B = 5..90
%var static int @calls;
%var static int @total = {{init:$A ~~ 77}};
%fn NOINLINE int @mix(int a, int b)
{
    int c = a {{op:* ~~ + ~~ -}} {{const:$B ~~ 101 ~~ -7}};
    {{stmt:c ^= b << 2; ~~ c += b; ~~}}
    return c;
}
%fn NOINLINE int @pick(int a)
{
    if (a {{cond:> ~~ >= ~~ <}} $A) {
        return {{call:@mix(a, 3) ~~ a + 1 ~~ @mix(3, a)}};
    }
    return a - 1;
}
%fn static int @small(int a)
{
    return a {{op:& ~~ |}} 13;
}
%fn EXPORT int @run(int round)
{
    @calls++;
    @total += @pick(hidden(round * $A));
    emit(@total);
    return @mix(@small(@calls), @total);
}
