// State that is a structure which the compiler takes apart, and one that it removes when nothing writes it.
%type struct @config { int limit; short flags; int spare; };
%var static struct @config @used = { 5, {{init:6 ~~ 7}}, 7 };
%var static int @never = 3;
%var static int @limits[3] = { 4, 5, 6 };
%fn NOINLINE int @read(int n)
{
    return @used.limit + @used.flags * n {{op:+ ~~ -}} @never;
}
%fn NOINLINE int @write(int n)
{
    @used.limit += n;
    {{stmt:@used.flags ^= n; ~~ }}
    {{stmt: ~~ @never = n;}}
    return @limits[n % 3u]{{stmt: ~~ ++}};
}
%fn EXPORT int @run(int round)
{
    emit(@write(hidden(round)));
    return @read(hidden(round));
}
