// Two file-local types of one name; a member comes, goes or changes.
%type int @north(int n); int @south(int n);
%fn EXPORT int @run(int round)
{
    emit(@north(hidden(round)));
    return @south(hidden(round));
}
%file n/item.c
%type struct item { int a; {{member:short b ~~ int b ~~ char b}}; int c; };
%var static struct item held = { 1, 2, 3 };
%fn int @north(int n)
{
    held.a += n;
    held.b += {{const:1 ~~ 2}};
    held.c += held.a;
    return held.a {{op:+ ~~ ^}} held.b * held.c;
}
%file s/item.c
%type struct item { int a; int c; {{member: ~~ int more;}} };
%var static struct item held = { 4, 5 };
%fn int @south(int n)
{
    held.c -= n;
    held.a ^= {{const:3 ~~ 6}};
    return held.a {{op:+ ~~ -}} held.c;
}
