// Classes with virtual functions and destructors are thrown, also by their address, and asked
// for what they are; some are of a namespace without a name.
%needs exceptions
%let A = 2..7
%type struct @Base { int code; @Base(int n) : code(n) {} virtual ~@Base() {} virtual int rank(int n); VERSIONS(int rank__0(int n); int rank__1(int n);) };
%type struct @Side { int side; virtual ~@Side() {} };
%type struct @Both : @Base, @Side { @Both(int n) : @Base(n) { side = n + {{const:1 ~~ 2}}; } int rank(int n) override; VERSIONS(int rank__0(int n); int rank__1(int n);) };
%type namespace { struct @Inner : @Base { int depth; @Inner(int n) : @Base(n * 2), depth(n) {} int rank(int n) override { return depth {{op:+ ~~ -}} n; } }; }
%fn int @Base::rank(int n)
{
    return code {{op:+ ~~ ^}} n;
}
%fn int @Both::rank(int n)
{
    return code * {{const:3 ~~ 5}} + side - n;
}
%fn NOINLINE void @fail(int n)
{
    switch (n & 3) {
    case 0: throw @Base(n);
    case 1: throw @Both(n {{op:+ ~~ *}} $A);
    case 2: throw @Inner(n + {{const:1 ~~ 4}});
    }
}
%fn NOINLINE int @asked(@Base *base)
{
    if (@Both *both = dynamic_cast<@Both *>(base)) return both->side {{op:* ~~ +}} 2;
    if (dynamic_cast<@Inner *>(base)) return {{const:7 ~~ 8}};
    return dynamic_cast<@Side *>(base) ? 1 : 0;
}
%fn NOINLINE int @attempt(int n)
{
    try {
        @fail(n);
        return {{const:0 ~~ 9}};
    } {{catch:catch (@Inner &inner) { return inner.depth; } ~~ }} catch ({{catch:@Side &side) { return side.side ~~ @Both &both) { return both.rank(n)}}; } catch (@Base &base) {
        return @asked(&base) * 10 + base.rank(n);
    }
}
%fn NOINLINE int @address(int n)
{
    @Both both(n);
    @Base base(n + 1);
    try {
        if (n & 1) throw &both;
        throw &base;
    } catch ({{catch:@Side *side) { return side->side ~~ @Both *own) { return own->code}} + {{const:5 ~~ 6}}; } catch (@Base *found) {
        return found->rank({{const:2 ~~ 3}}) + @asked(found);
    }
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 4; n++) {
        emit(@attempt(hidden(round + n)));
        emit(@address(hidden(round + n)));
    }
    return @attempt(hidden(2));
}
