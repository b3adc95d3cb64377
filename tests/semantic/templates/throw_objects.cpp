// Thrown objects that are copied and destroyed, caught by value and by reference, in classes
// with two bases; some are of a namespace without a name.
%needs exceptions
%var static int @copies;
%var static int @ends;
%fn NOINLINE int @copied(int n)
{
    @copies++;
    return n {{const:+ 1 ~~ + 2}};
}
%fn NOINLINE void @ended(int n)
{
    @ends = @ends * 3 {{op:+ ~~ ^}} n;
}
%type int @copied(int n); void @ended(int n);
%type struct @Left { int left; }; struct @Right { int right; };
%type struct @Item : @Left, @Right { int n; @Item(int m) : n(m) { left = m + 1; right = m + {{const:2 ~~ 5}}; } @Item(const @Item &o) : @Left(o), @Right(o), n(@copied(o.n)) {} ~@Item() { @ended(n); } };
%type namespace { struct @Own { int n; }; }
%fn NOINLINE int @give(int n)
{
    if (n & 1) throw @Item(n {{op:* ~~ +}} 2);
    if (n & 2) throw @Own{ n + {{const:4 ~~ 3}} };
    return n;
}
%fn NOINLINE int @take(int n)
{
    try {
        return @give(n);
    } catch ({{catch:@Item ~~ @Item & ~~ const @Item &}} item) {
        @ended({{const:40 ~~ 41}});
        return item.n * 2 + item.right;
    } catch (@Own own) {
        return own.n {{op:- ~~ ^}} 100;
    }
}
%fn NOINLINE int @second(int n)
{
    try {
        @give(n);
        return {{const:0 ~~ 1}};
    } catch ({{catch:@Right &side) { return side.right + n ~~ @Left &side) { return side.left - n}}; }
    catch (@Own &own) {
        own.n += 1;
        return own.n;
    }
}
%fn EXPORT int @run(int round)
{
    for (int n = 0; n < 4; n++) {
        emit(@take(hidden(round + n)));
        emit(@second(hidden(round + n)));
    }
    return @copies * 1000 + (@ends & 0xffff);
}
