// Structures with flexible array members, as constants and as state.
%type struct @list { int count; short values[]; };
%const static const struct @list @few = { 3, { 1, {{init:2 ~~ 20}}, 3 } };
%const static const struct @list @many = { 6, { 6, 5, 4, 3, {{init:2 ~~ 9}}, 1 } };
%const static const int @next = {{init:77 ~~ 78}};
%var static struct @list @held = { 2, { 8, {{init:9 ~~ 10}} } };
%var static int @after = 4;
%fn NOINLINE int @sum(const struct @list *list)
{
    int sum = 0;
    for (int i = 0; i < list->count; i++) {
        sum = sum {{op:+ ~~ ^}} list->values[i] * {{const:3 ~~ 4}};
    }
    return sum;
}
%fn EXPORT int @run(int round)
{
    @held.values[hidden(1)] += {{const:1 ~~ 2}};
    @after++;
    emit(@sum(&@few) + hidden(@next));
    emit(@sum(&@many));
    return @sum(&@held) + @after;
}
