// Handlers that are left in many ways: they go on with a loop, end it, return and jump.
%needs exceptions
%let A = 3..9
%var static int @sum;
%const static const int @weights[6] = { 3, {{init:1 ~~ 8}}, 4, 1, 5, 9 };
%const static const char *const @names[3] = { "{{string:none ~~ null}}", "some", "all" };
%fn NOINLINE int @check(int n)
{
    if (n % 4 == 3) throw n;
    if (n % 5 == {{const:4 ~~ 2}}) throw (char)n;
    return @weights[n % 6u];
}
%fn NOINLINE int @loop(int n)
{
    int total = 0;
    for (int i = 0; i < $A; i++) {
        try {
            total += @check(n + i);
            if (total > 40) break;
        } catch (int number) {
            if (number & 4) {{cond:continue ~~ break}};
            total {{op:+= ~~ ^=}} number;
        } catch (char letter) {
            if (letter > 11) return total - {{const:1000 ~~ 2000}};
            goto more;
        }
        total += 1;
    more:
        total += {{const:2 ~~ 3}};
    }
    return total;
}
%fn NOINLINE int @choose(int n)
{
    const char *name = @names[0];
    try {
        @check(n);
        name = @names[1];
    } catch (int number) {
        switch (number & 7) {
        case 1: name = "{{string:first ~~ second}}"; break;
        case 3: name = @names[2]; @sum += 3; break;
        case 5: @sum ^= {{const:77 ~~ 78}}; break;
        case 7: return @sum++ {{op:+ ~~ -}} 7;
        default: @sum--;
        }
    } catch (...) {
        name = "any";
    }
    return name[0] * 3 + name[2] + @sum;
}
%fn NOINLINE int @whole(int n)
try {
    return @check(n) {{op:* ~~ +}} 2;
} catch (int number) {
    return number + {{const:500 ~~ 600}};
} {{catch:catch (char letter) { return letter; } ~~ catch (...) { return n; } }}
%fn EXPORT int @run(int round)
{
    emit(@loop(hidden(round)));
    for (int n = 0; n < 8; n++) emit(@choose(hidden(round + n)));
    return @whole(hidden(round)) + @whole(hidden(round + 1)) * 3;
}
