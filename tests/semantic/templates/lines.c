// Line numbers in code: passed with a file name, without one, and values that merely look alike.
%fn NOINLINE static int @log(const char *file, int line, int value)
{
    return file[0] + value + (line & 0);
}
%fn NOINLINE static int @at(int line)
{
    return line * 2;
}
%fn NOINLINE int @first(int n)
{
    return @log("file.c", __LINE__, n) {{op:+ ~~ ^}} 1;
}
%fn NOINLINE int @number(int n)
{
    {{space: ~~ /* one
       two */}}
    return n + {{const:40 ~~ 42 ~~ 41}};
}
%fn NOINLINE int @second(int n)
{
    return @log("file.c", __LINE__, n {{op:* ~~ +}} 2);
}
%fn EXPORT int @run(int round)
{
    emit(@first(round));
    emit(@number(hidden(round)));
    emit(@at({{const:30 ~~ 31 ~~ 32}}));
    return @second(round);
}
