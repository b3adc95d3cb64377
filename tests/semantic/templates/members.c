// Structures in state: members come, go, change their type or their place.
%type struct @inner { short x, y; };
%type struct @state { int a; {{member:short b; ~~ int b; ~~ short b; int z;}} {{member#p:char c; struct @inner in; ~~ struct @inner in; char c;}} int d[3]; {{member:unsigned f : 3, g : 5; ~~ unsigned f : 5, g : 3;}} };
%var static struct @state @one = { .a = 1, .b = 2, .c = 3, .in = { 4, 5 } };
%var static struct @state @two[2];
%fn NOINLINE int @touch(struct @state *state, int n)
{
    state->a += n; state->b += 2; state->c ^= n; state->in.y += {{const:3 ~~ 4}};
    state->d[n & 1] += n; state->f = n; state->g += 1;
    return state->a + state->b * 3 {{op:+ ~~ -}} state->c + state->in.y + state->d[1] + state->f * 2 + state->g;
}
%fn EXPORT int @run(int round)
{
    emit(@touch(&@one, round));
    return @touch(&@two[round & 1], round + 1);
}
