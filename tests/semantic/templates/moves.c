// Interior pointers, copies of structures, unions and bit fields. What `deep` holds is state:
// a compiler that sees all its uses would read the constant instead.
%type struct @big { int v[10]; short w[3]; };
%const static const struct @big @model = { { 1, 2, {{init:3 ~~ 33}}, 4 }, { 5, {{init:6 ~~ 66}} } };
%var static struct @big @work;
%var static int *@inside = &@work.v[{{init:3 ~~ 4}}];
%var const short *@deep = &@model.w[1];
%fn NOINLINE int @copy(int n)
{
    @work = @model;
    @work.v[n] {{op:+= ~~ -=}} {{const:5 ~~ 6}};
    return *@inside + @work.w[0];
}
%fn EXPORT int @run(int round)
{
    emit(@copy(hidden(round)));
    @inside++;
    return *@inside + *@deep;
}
