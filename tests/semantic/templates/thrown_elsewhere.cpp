// One file throws, one file that knows nothing of it calls, and one catches.
%needs exceptions
%type struct @Trouble { int code; }; struct @Great : @Trouble { int more; };
%type EXPORT int @carry(int n); EXPORT int @source(int n);
%var static int @bad = {{init:1 ~~ 3}};
%fn NOINLINE int @guarded(int n)
{
    try {
        return @carry(n) {{op:+ ~~ ^}} 3;
    } catch (@Great great) {
        @bad += great.more;
        return great.code * {{const:2 ~~ 3}};
    } catch ({{catch:const @Trouble & ~~ @Trouble & ~~ @Trouble}} trouble) {
        return -trouble.code;
    } catch ({{catch:int ~~ ...}}) {
        return {{const:-1 ~~ -2}};
    }
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 4; n++) emit(@guarded(hidden(round + n)));
    try {
        return @carry(hidden(8));
    } catch (@Trouble &trouble) {
        return trouble.code + @bad;
    }
}
%file own/carry.c
%type int @source(int n);
%var static int @passes;
%fn NOINLINE int @before(int n)
{
    @passes += n;
    return n {{const:+ 0 ~~ + 4}};
}
%fn int @carry(int n)
{
    int known = @before(n);
    int got = @source(known);
    return got {{op:* ~~ -}} 2 + @passes;
}
%file own/source.cpp
%type struct @Trouble { int code; }; struct @Great : @Trouble { int more; };
%type EXPORT int @source(int n);
%const static const int @codes[4] = { 10, {{init:20 ~~ 25}}, 30, 40 };
%fn EXPORT int @source(int n)
{
    if (n % 4 == 0) {
        @Great great;
        great.code = @codes[n & 3];
        great.more = {{const:6 ~~ 7}};
        throw great;
    }
    if (n % 4 == 1) {
        @Trouble trouble = { @codes[n & 3] {{op:+ ~~ -}} n };
        throw trouble;
    }
    {{throw: ~~ if (n % 4 == 3) throw n;}}
    return n;
}
