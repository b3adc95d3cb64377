// `static` is given and taken, of functions and variables, some whose address is stored.
%var {{link:static ~~ }} int @counter = 6;
%var {{link: ~~ static}} int @level = 2;
%const {{link:static ~~ }} const int @rates[3] = { 4, {{init:5 ~~ 7}}, 6 };
%fn {{link:static ~~ }} NOINLINE int @rise(int n)
{
    return @counter += n {{op:+ ~~ *}} {{const:2 ~~ 3}};
}
%fn {{link: ~~ static}} NOINLINE int @fall(int n)
{
    return @level -= n {{op:^ ~~ +}} 1;
}
%var static int (*@handler)(int) = @rise;
%fn EXPORT int @run(int round)
{
    emit(@handler(round));
    @handler = round & 1 ? @fall : @rise;
    emit(@rates[hidden(round) % 3u]);
    return @fall(hidden(round)) + @counter;
}
