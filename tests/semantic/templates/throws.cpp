// Numbers, structures and classes with a base are thrown, and caught by value, by reference,
// by their base and by anything.
%needs exceptions
%let A = 2..9
%type struct @Plain { int value; };
%type struct @Base { int value; virtual int kind(int n); VERSIONS(int kind__0(int n); int kind__1(int n);) };
%type struct @Derived : @Base { int more; int kind(int n) override; VERSIONS(int kind__0(int n); int kind__1(int n);) };
%fn int @Base::kind(int n)
{
    return value + n;
}
%fn int @Derived::kind(int n)
{
    return more {{op:* ~~ +}} n + {{const:1 ~~ 6}};
}
%var static int @caught;
%fn NOINLINE void @fail(int kind, int n)
{
    switch (kind) {
    case 0: throw n {{op:+ ~~ ^}} $A;
    case 1: { @Plain plain = { n + {{const:1 ~~ 5}} }; throw plain; }
    case 2: { @Base base; base.value = n; throw base; }
    case 3: { @Derived derived; derived.value = n; derived.more = {{const:3 ~~ 4}}; throw derived; }
    case 4: throw (unsigned char){{const:7 ~~ 8}};
    case 5: throw "{{string:text ~~ words}}";
    }
}
%fn NOINLINE int @attempt(int kind, int n)
{
    int found = {{const:1 ~~ 2}};
    try {
        found += n;
        @fail(kind, n);
        found {{op:+= ~~ -=}} 100;
    } catch (int number) {
        found += number {{op:* ~~ +}} 3;
    } catch (@Plain plain) {
        found -= plain.value {{const:+ 0 ~~ + 9}};
    } {{catch:catch (@Derived &derived) { found += derived.more * 2; } ~~ }} catch (@Base &base) {
        found ^= base.kind(n);
    } catch ({{catch:unsigned char ~~ short ~~ char}} small) {
        found += small + 11;
    } catch (const char *text) {
        found = text[0] {{op:+ ~~ -}} n;
    } catch (...) {
        @caught++;
        found = {{const:-1 ~~ -2}};
    }
    return found;
}
%fn EXPORT int @run(int round)
{
    for (int kind = 0; kind < 7; kind++) emit(@attempt(kind, hidden(round)));
    return @caught;
}
