
/* ==== Hooks ====
 *
 * Each returns 0 for "go on", within five seconds. One that is not needed can be left out.
 */

/* Everything is in place, and nothing is switched on. Another number than 0 is a veto. */
HOTPATCH_HOOK(before_apply)
{
    /* FILL: is the program in a state in which the fix can begin? */
    return 0;
}

/* Every call runs new code. Objects that are not looked up here are filled at their first use,
 * by new code that runs beside this hook: lock what the program locks. */
HOTPATCH_HOOK(after_apply)
{
    FILL_OBJECTS
    return 0;
}

/* Every call still runs new code, and will run old code. Another number than 0 is a veto. */
HOTPATCH_HOOK(before_revert)
{
    /* FILL: does old code find in the objects what it needs? */
    return 0;
}

/* Every call runs old code. */
HOTPATCH_HOOK(after_revert)
{
    hotpatch_shadow_free_all();
    return 0;
}
