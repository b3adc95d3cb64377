// Objects in state that hold the address of a constant table of functions, as C programs do.
%type struct @ops { int (*get)(int); int bias; };
%fn static int @plain(int n)
{
    return n {{op:+ ~~ -}} 2;
}
%fn static int @twice(int n)
{
    return n * {{const:2 ~~ 3}};
}
%const static const struct @ops @first = { @plain, {{init:5 ~~ 6}} };
%const static const struct @ops @second = { @twice, 9 };
%var static const struct @ops *@used = &@first;
%fn NOINLINE int @ask(const struct @ops *ops, int n)
{
    return ops->get(n) + ops->bias;
}
%fn EXPORT int @run(int round)
{
    emit(@ask(@used, round));
    if (round == 1) @used = {{const:&@second ~~ &@first}};
    return @ask(&@first, round) {{op:* ~~ ^}} 2;
}
