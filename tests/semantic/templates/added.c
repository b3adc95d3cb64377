// Functions and variables that come with the fix, and those that go.
%var {{add#a: ~~ static int @extra = 40;}}
%const {{add#a: ~~ static const int @bonus[3] = { 7, 8, 9 };}}
%fn {{add#a: ~~ static NOINLINE int @help(int n)
{
    @extra += n;
    return @extra * @bonus[n % 3u];
} }}
%fn {{add#b:static NOINLINE int @lost(int n)
{
    return n * 11;
} ~~ }}
%var static int @base = 1;
%fn EXPORT int @run(int round)
{
    @base += {{const:2 ~~ 3}};
    {{add#a: ~~ emit(@help(round));}}
    {{add#b:emit(@lost(round)); ~~ emit(-1);}}
    return @base;
}
