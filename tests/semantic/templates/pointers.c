// Tables of pointers to constants of the same file: LLVM makes tables of distances of them.
%const static const int @a = {{init:31 ~~ 32}};
%const static const int @b = 45;
%const static const int @c[3] = { 1, {{init:2 ~~ 5}}, 3 };
%const static const int *const @list[4] = { &@a, {{init:&@b ~~ &@a}}, @c, @c + 2 };
%const static const char *const @words[5] = { "north", "{{string:east ~~ west}}", "south", "up", "do{{string:wn ~~ ne}}" };
%fn NOINLINE int @value(int n)
{
    return *@list[n & 3] {{op:+ ~~ *}} {{const:1 ~~ 2}};
}
%fn NOINLINE int @word(int n)
{
    const char *text = @words[n % 5u];
    int hash = 0;
    while (*text) hash = hash * 31 + *text++;
    return hash;
}
%fn NOINLINE int @search(int n)
{
    for (int i = 0; i < 4; i++) {
        if (*@list[i] == n) return i + {{const:10 ~~ 20}};
    }
    return -1;
}
%fn EXPORT int @run(int round)
{
    emit(@value(hidden(round)));
    emit(@word(hidden(round)));
    emit(@search(hidden(45)));
    return @search(hidden(round)) + @word(hidden(round + 2));
}
