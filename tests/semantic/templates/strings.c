// Literals with shared tails and with zeros inside, and one literal that enters another.
%fn NOINLINE static int @hash(const char *text, int length)
{
    int hash = 7;
    for (int i = 0; i < length; i++) hash = hash * 31 + text[i];
    return hash;
}
%fn NOINLINE static int @length(const char *text)
{
    int n = 0;
    while (text[n]) n++;
    return n;
}
%const static const char *const @names[4] = { "{{string:alpha ~~ delta}}", "beta", "{{string:gamma_beta ~~ beta_gamma}}", "a\0b" };
%fn NOINLINE int @zeros(int n)
{
    const char *text = {{string:"one\0two" ~~ "one\0six" ~~ "ono\0two"}};
    return @hash(text, {{const:7 ~~ 3}} & (n | 7));
}
%fn NOINLINE int @short(int n)
{
    return @hash("one", 3) + @length({{string:"tail" ~~ "longtail"}}) + n;
}
%fn NOINLINE int @tails(int n)
{
    const char *a = "{{string:long_tail ~~ short_tail}}", *b = "tail";
    return @length(a) * {{const:10 ~~ 11}} + @hash(b, 4) + n;
}
%fn EXPORT int @run(int round)
{
    const char *name = @names[round & 3];
    emit(@hash(name, @length(name)));
    emit(@zeros(hidden(7)));
    emit(@short(round));
    return @tails(round);
}
