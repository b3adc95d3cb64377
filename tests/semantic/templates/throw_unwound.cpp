// What is destroyed while something thrown passes: objects one by one, parts of objects, and
// elements of an array.
%needs exceptions
%let A = 2..6
%var static int @trace;
%var static int @made;
%fn NOINLINE void @gone(int n)
{
    @trace = @trace {{op:* ~~ ^}} 5 + n {{const:+ 1 ~~ + 3}};
}
%fn NOINLINE int @begin(int n)
{
    @made++;
    if (n == {{const:$A ~~ 4}}) throw n;
    return n;
}
%type void @gone(int n); int @begin(int n);
%type struct @Guard { int n; @Guard(int m) : n(@begin(m)) {} ~@Guard() { @gone(n {{op:+ ~~ ^}} 1); } };
%type struct @Pair { @Guard first; @Guard second; @Pair(int n) : first(n), second(n + 1) {} };
%fn NOINLINE int @line(int n)
{
    @Guard a(n);
    @Guard b(n + {{const:1 ~~ 2}});
    {{stmt:@gone(9); ~~ @Guard c(n + 2); ~~}}
    return a.n * 10 + b.n;
}
%fn NOINLINE int @parts(int n)
{
    @Pair one(n);
    @Pair two(n {{op:+ ~~ -}} 2);
    return one.second.n + two.first.n;
}
%fn NOINLINE int @array(int n)
{
    @Guard all[3] = { n, n + 1, n + 2 };
    return all[n & 1].n + {{const:3 ~~ 5}};
}
%fn NOINLINE int @caught(int n, int way)
{
    @Guard before(n + 50);
    try {
        @Guard inside(n + 60);
        switch (way) {
        case 0: return @line(n);
        case 1: return @parts(n);
        default: return @array(n) {{op:- ~~ +}} 1;
        }
    } catch (int number) {
        @Guard handler(number + {{const:70 ~~ 80}});
        return @trace;
    }
}
%fn EXPORT int @run(int round)
{
    for (int way = 0; way < 6; way++) emit(@caught(hidden(round + way), way % 3));
    return @trace ^ @made;
}
