// Statics are added, removed, renamed and moved between functions and the file.
%var static int @kept = 3;
%var {{static: ~~ static int @more;}}
%var {{static#gone:static int @gone = 4; ~~ }}
%var {{rename#n:static int @oldname = 8; ~~ }}
%var {{rename#n: ~~ static int @newname = 8;}}
%fn NOINLINE int @work(int n)
{
    @kept += n {{op:* ~~ +}} {{const:3 ~~ 5}};
    {{static#gone:@gone += @kept; ~~ }}
    return @kept {{static#gone:+ @gone ~~ }};
}
%fn NOINLINE int @named(int n)
{
    {{rename#n:return @oldname += n; ~~ return @newname += n;}}
}
%fn EXPORT int @run(int round)
{
    emit(@work(hidden(round)));
    return @named(hidden(round));
}
