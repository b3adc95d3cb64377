// Thread-local variables, some that are added or change their place.
%needs thread-locals
%var static _Thread_local int @first = 3;
%var {{tls: ~~ static _Thread_local int @between = 9;}}
%var static _Thread_local int @second[2] = { 4, {{tls:5 ~~ 6}} };
%var _Thread_local int @zeros;
%fn NOINLINE int @count(int n)
{
    @first += n {{op:+ ~~ *}} {{const:1 ~~ 2}};
    @zeros++;
    return @first * 3 + @zeros;
}
%fn NOINLINE int @array(int n)
{
    @second[n & 1] += {{const:2 ~~ 3}};
    return @second[0] {{op:* ~~ ^}} @second[1];
}
%fn EXPORT int @run(int round)
{
    emit(@count(hidden(round)));
    return @array(hidden(round));
}
