// Templates with statics, inline functions and static members.
%type template <int N> struct @Table { static int value; static NOINLINE int step(int n) { value += N; return value {{raw:* ~~ +}} n; } };
%type template <int N> int @Table<N>::value = N;
%type inline int @inlined(int n) { static int kept = 3; kept += n; return kept; }
%type struct @Box { static int count; static int bump(int n) { count += n; return count; } };
%raw int @Box::count = 6;
%fn NOINLINE int @tables(int n)
{
    return @Table<3>::step(n) {{op:+ ~~ ^}} @Table<8>::step(n) {{const:+ 1 ~~ + 2}};
}
%fn NOINLINE int @boxes(int n)
{
    return @Box::bump(n) {{op:* ~~ -}} 2 + @inlined(n);
}
%fn EXPORT int @run(int round)
{
    emit(@tables(hidden(round)));
    return @boxes(hidden(round));
}
