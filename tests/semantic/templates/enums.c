// Enumerations in state: an enumerator comes, the underlying type changes.
%type enum @mode{{enum: ~~ : unsigned char}} { {{enum: ~~ @broken,}} @closed, @half, {{enum: ~~ @throttled,}} @open };
%type struct @door { int before; enum @mode mode; int behind; };
%var static struct @door @front = { 1, @half, 2 };
%var static enum @mode @last = @open;
%fn NOINLINE int @name(enum @mode mode)
{
    switch (mode) {
    case @closed: return {{const:10 ~~ 11}};
    case @half: return 20;
    case @open: return 30;
    default: return 99;
    }
}
%fn EXPORT int @run(int round)
{
    emit(@name(@front.mode) {{op:+ ~~ ^}} @front.behind);
    emit(@name(@last));
    if (round == 2) { @front.mode = @open; @last = @closed; }
    @front.before++; @front.behind += 2;
    return @front.before;
}
