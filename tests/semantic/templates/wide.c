// Wide strings and arrays of characters, some walked from the middle.
%const static const unsigned short @text[] = u"{{string:abcdef ~~ abcxef ~~ abc}}";
%fn NOINLINE static int @fold(const unsigned short *text)
{
    int hash = {{const:5 ~~ 6}};
    while (*text) hash = hash * 33 + *text++;
    return hash;
}
%fn NOINLINE int @whole(void)
{
    return @fold(u"{{string:shared_tail ~~ shared_Tail ~~ scared_tail}}");
}
%fn NOINLINE int @half(void)
{
    return @fold(u"{{string:tail ~~ Tail}}") {{op:+ ~~ -}} 1;
}
%fn NOINLINE int @middle(int n)
{
    const unsigned short *from = (const unsigned short *)u"{{string:0123456789 ~~ 01234x6789}}" + 3;
    return @fold(from + (n & 3));
}
%fn EXPORT int @run(int round)
{
    emit(@fold(@text + (round & 1)));
    emit(@whole());
    emit(@half());
    return @middle(round);
}
