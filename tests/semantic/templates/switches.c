// Dense and sparse switches, and those that compilers make tables of values of.
%fn NOINLINE int @dense(int n)
{
    switch (n) {
    case 0: return hidden({{const:3 ~~ 4}});
    case 1: return hidden(n) * 5;
    case 2: return hidden(n) - 9;
    case 3: {{stmt:n += 4; ~~ }} break;
    case 4: n *= 7; break;
    case 5: return {{call:@sparse(n) ~~ n}};
    case 6: return 61;
    }
    return n {{op:+ ~~ ^}} 2;
}
%fn NOINLINE int @sparse(int n)
{
    switch (n) {
    case 5: return 1;
    case {{const:77 ~~ 78}}: return hidden(2);
    case 1000: return n + 3;
    case 5000: return n * 4;
    case -9: return hidden(n);
    }
    return 0;
}
%fn NOINLINE int @values(int n)
{
    switch (n) {
    case 0: return 17;
    case 1: return {{const:4 ~~ 5}};
    case 2: return 99;
    case 3: return 12;
    case 4: return 3;
    case 5: return 55;
    }
    return -1;
}
%fn NOINLINE static int @length(const char *text)
{
    int n = 0;
    while (*text) n = n * 3 + *text++;
    return n;
}
%fn NOINLINE int @names(int n)
{
    const char *name = "none";
    switch (n) {
    case 0: name = "zero"; break;
    case 1: name = "{{string:one ~~ eins}}"; break;
    case 2: name = "two"; break;
    case 3: name = "three"; break;
    case 4: name = "four"; break;
    }
    return @length(name);
}
%fn EXPORT int @run(int round)
{
    int sum = 0;
    for (int i = 0; i < 7; i++) sum = sum * 3 + @dense(hidden(i)) + @values(hidden(i)) + @names(hidden(i));
    emit(sum);
    return @sparse(hidden(77)) + @sparse(hidden(1000 * round));
}
