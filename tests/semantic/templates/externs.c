// Variables and functions that several files share, and an array whose size one file does not know.
%type extern int @shared; extern const int @known[]; int @reader(int n); int @writer(int n);
%fn EXPORT int @run(int round)
{
    emit(@writer(hidden(round)));
    return @reader(hidden(round)) {{op:+ ~~ ^}} @known[hidden(1)];
}
%file own/data.c
%var int @shared = 5;
%const const int @known[4] = { 1, {{init:2 ~~ 22}}, 3, 4 };
%const const int @hidden_after = {{init:6 ~~ 7}};
%fn int @writer(int n)
{
    @shared += n * {{const:3 ~~ 4}};
    return @shared;
}
%file own/user.c
%type extern int @shared; extern const int @known[];
%fn int @reader(int n)
{
    const int *at = &@known[4];
    int sum = 0;
    while (at != @known) sum = sum * {{const:3 ~~ 5}} + *--at;
    return sum {{op:- ~~ +}} @shared + n;
}
