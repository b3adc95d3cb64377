// Linear searches in constant tables, which compilers unroll and turn into tables of their own.
%type struct @entry { const char *name; int value; };
%const static const struct @entry @entries[5] = { { "red", 1 }, { "{{string:green ~~ grey}}", {{init:2 ~~ 22}} }, { "blue", 4 }, { "cyan", 6 }, { "pink", 9 } };
%const static const int @primes[6] = { 2, 3, 5, 7, {{init:11 ~~ 12}}, 13 };
%fn NOINLINE int @find(int value)
{
    for (int i = 0; i < 5; i++) {
        if (@entries[i].value == value) return @entries[i].name[1] {{op:+ ~~ -}} i;
    }
    return {{const:-1 ~~ -2}};
}
%fn NOINLINE int @index(int n)
{
    for (int i = 0; i < 6; i++) {
        if (@primes[i] == n) return i;
    }
    return {{const:77 ~~ 78}};
}
%fn NOINLINE const char *@name_of(int n)
{
    for (int i = 0; i < 5; i++) {
        if (@entries[i].value == n) return @entries[i].name;
    }
    return "{{string:none ~~ nothing}}";
}
%fn EXPORT int @run(int round)
{
    emit(@find(hidden(round * 2)));
    emit(@index(hidden(7)) + @index(hidden(11)));
    return @name_of(hidden(round))[0] + @name_of(hidden(6))[2];
}
