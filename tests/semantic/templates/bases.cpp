// Two bases, so that an object has two tables of virtual functions, and calls through both.
%type struct @A { int a; virtual int one(int n); VERSIONS(int one__0(int n); int one__1(int n);) };
%type struct @B { int b; virtual int two(int n); VERSIONS(int two__0(int n); int two__1(int n);) };
%type struct @C : @A, @B { int one(int n) override; int two(int n) override; VERSIONS(int one__0(int n); int one__1(int n); int two__0(int n); int two__1(int n);) };
%fn int @A::one(int n)
{
    return a + n;
}
%fn int @B::two(int n)
{
    return b * n;
}
%fn int @C::one(int n)
{
    return a {{op:+ ~~ -}} b + n;
}
%fn int @C::two(int n)
{
    b += {{const:2 ~~ 3}};
    return a {{op:* ~~ ^}} n;
}
%fn NOINLINE int @first(@A *object, int n)
{
    return object->one(n);
}
%fn NOINLINE int @second(@B *object, int n)
{
    return object->two(n) {{op:+ ~~ *}} 3;
}
%fn NOINLINE int @fresh(int n)
{
    @C object;
    object.a = n; object.b = {{const:7 ~~ 8}};
    return @first(&object, n) * 100 + @second(&object, n);
}
%fn EXPORT int @run(int round)
{
    return @fresh(hidden(round));
}
