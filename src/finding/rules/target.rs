//! 5xx: the target process, found by `check`, `apply` and `revert` before anything is written.
//!
//! Which exit code a refusal has is decided in [`crate::apply::exit_for`].

use super::rules;

rules! {
    /// The module is not loaded.
    MODULE_MISSING = "HP501", Refuse, "module not loaded in the target",
        remedy "Check the PID and the file name of the module that the package was built for.",
        because "No module of the target has the file name and identity that the manifest names.";
    /// A module of that name with another identity.
    OTHER_BUILD = "HP502", Refuse, "another build of the module is loaded",
        remedy "Use the package that was built for this build, or restart the program with the build that the package is for.",
        because "The module in memory has the right file name, but its time stamp, size or PDB identity is another. Addresses of one build mean nothing in another.";
    /// The file on disk is not the baseline any more.
    FILE_REPLACED = "HP503", Note, "the file on disk is not the one that the package was built for",
        remedy "Nothing to do: the image in memory was compared instead.",
        because "The Authenticode digest of the module's file differs from the manifest's, or the file can't be read. That is normal after an update was installed that waits for a restart. Only the image in memory matters to a patch, and its identity and code were compared.";
    /// Old code that is not what the package expects.
    CODE_CHANGED = "HP504", Refuse, "code in memory is not the code that the package replaces",
        remedy "Find out what changed the program in memory (a debugger, an injected library, a cheat or a security product); restart it without that.",
        because "The bytes of a function to be replaced differ, in the memory of the process, from those of the build that the package was made for. The patch was proven against that build and not against this code.";
    /// Somebody else's hook.
    ENTRY_HOOKED = "HP505", Refuse, "entry of a function is hooked by other software",
        remedy "Take the other hook out (it often belongs to a security or monitoring product), or exempt the program from it.",
        because "The first bytes of a function to be replaced are not the program's own, while the rest of the function is. Two hooks on one entry undo each other in the wrong order sooner or later.";
    /// Another patch replaces the same function.
    PATCHED_ALREADY = "HP506", Refuse, "another patch replaces the same function",
        remedy "Revert the other patch first, or build a patch that contains both fixes.",
        because "A redirect of another patch is at the entry of a function that this package replaces too. The package was built against the unpatched function.";
    /// Not a native x64 process.
    NOT_X64 = "HP507", Refuse, "target is not a native x64 process",
        remedy "Choose an x64 process on an x64 system.",
        because "Replacement code is x64 machine code. A 32-bit process under WOW64, or any process on an ARM64 system, can't run it, or runs it through an emulator whose translations this tool doesn't control.";
    /// Arbitrary code guard.
    DYNAMIC_CODE = "HP508", Refuse, "target forbids new code (ACG)",
        remedy "Restart the program into the fixed build; or start it without the dynamic code policy if that is acceptable.",
        because "The process has the mitigation policy ProcessDynamicCodePolicy: no executable memory can be added to it, and none of its code can be changed. hotpatch doesn't work around mitigations.";
    /// No room.
    NO_ROOM = "HP509", Refuse, "no free address space near the module",
        remedy "Restart the program; another layout of its address space may have room.",
        because "The payload has to be within 2 GiB of the module, above it where its code needs positive distances, because calls and jumps between old and new code have 32-bit displacements. No free range there is large enough.";
    /// The payload can't be linked here.
    NOT_LINKABLE = "HP510", Refuse, "payload can't be linked into this process",
        remedy "Build the package again with the same version of hotpatch that applies it.",
        because "The payload refers to something that the manifest doesn't explain, or uses a construct that this version doesn't link.";
    /// A patch that must be active before is not.
    REQUIRED_MISSING = "HP511", Refuse, "a patch that is required first is not active",
        remedy "Apply the required patch first.",
        because "The manifest names patches that must be active before this one, and one of them isn't active in the target.";
    /// Something newer is there.
    NEWER_ACTIVE = "HP512", Refuse, "a newer patch of the same product is active",
        remedy "Apply a package with a higher sequence, or revert the newer patch first.",
        because "A patch of the same product with a higher sequence number is active in the target. Going back to an older one would silently take fixes away.";
    /// The same id, other content.
    SAME_ID = "HP513", Refuse, "another package with this id is active",
        remedy "Revert it first (hotpatch revert --id), or give the new package an id of its own.",
        because "A patch with the same id but another content is active in the target. Status and revert tell patches apart by their id.";
    /// What an interrupted operation left.
    LEFTOVER = "HP514", Note, "remains of an interrupted operation",
        remedy "Nothing to do: apply and revert clear them away.",
        because "A hotpatch process ended while it was applying or reverting a patch, or the patched module was unloaded. The program runs its old code; only memory that nothing refers to is left behind.";
    /// Entries that are neither old nor redirected.
    TORN = "HP515", Refuse, "redirects of an active patch were changed by other software",
        remedy "Find out what changed them, let it undo its change, and try again; otherwise restart the program.",
        because "The record in the target says which bytes this patch put at each entry. Other bytes are there now, so taking the patch out would destroy the other change, or leave a jump into memory that is gone.";
    /// A record that can't be read.
    UNREADABLE_RECORD = "HP516", Refuse, "a patch record in the target can't be read",
        remedy "Use the version of hotpatch that applied that patch, or a later one.",
        because "The target holds a patch record of another version, or a damaged one. What that patch replaces is unknown, so nothing can be put beside it safely.";
    /// CET.
    SHADOW_STACK = "HP517", Note, "target runs with shadow stacks (CET)",
        remedy "Nothing to do.",
        because "The process checks return addresses in hardware. Redirects and gates are jumps and payload functions return to where they were called from, so nothing in that conflicts with a patch. Where exceptions continue is checked as well: see HP536.";
    /// Memory that could not be given back.
    NOT_FREED = "HP518", Note, "memory of the patch could not be given back",
        remedy "Run hotpatch revert again later; until then the memory is unused and harmless.",
        because "The entries are as they were before the patch, but something may still use the payload: a thread that is about to leave it, an address of it in the program's memory (a callback that was handed out, or a coroutine that waits inside of it), or what is left of a newer patch that stood on this one. Or the process didn't run the call in time that takes the payload's unwind table out.";
    /// Fibers.
    FIBERS = "HP519", Refuse, "target uses fibers",
        remedy "Restart the program.",
        because "A fiber that waits has a stack which belongs to no thread, and the system has no list of fibers. Whether one of them is inside a function that is to be switched can't be known, so it can't be proven that nothing is.";
    /// An export that is not there.
    IMPORT_MISSING = "HP520", Refuse, "a module lacks what the patch imports",
        remedy "Update the module that lacks the export, or build the patch without that call.",
        because "The new code calls a function of another module that the old image does not import. The module is loaded in the target, and has no such export.";
    /// A module that will be loaded.
    IMPORT_LOADS = "HP521", Note, "applying the patch loads a module",
        remedy "Make sure that the module is installed where the program finds it; if its loading must not happen now, wait or restart.",
        because "The new code calls a function of a module that is not loaded in the target. The target's own loader loads it, with its search path, when the patch is applied, and it stays loaded after a revert.";
    /// A hook that said no.
    HOOK_VETO = "HP522", Refuse, "the patch's own check refuses",
        remedy "Ask the author of the patch what the number means; the process is unchanged.",
        because "The author of the patch wrote a function that runs in the target before the patch is switched on or taken out (hotpatch_before_apply, hotpatch_before_revert). It returned something else than 0, which is a veto.";
    /// A hook that failed when it was too late.
    HOOK_FAILED = "HP523", Note, "the patch's own follow-up failed",
        remedy "Ask the author of the patch what the number means.",
        because "The author of the patch wrote a function that runs in the target after the patch was switched on or taken out (hotpatch_after_apply, hotpatch_after_revert). It returned something else than 0. The patch itself is done.";
    /// The frozen-time budget.
    TOO_LONG = "HP524", Refuse, "target would stand still for longer than it may",
        remedy "Try again at a quieter time, or allow more with --max-freeze.",
        because "Looking at every thread of the stopped target, or writing the entries, took longer than --max-freeze or the policy allows. The attempt was given up and the process is unchanged. Many threads, deep stacks and a busy machine make it longer.";
    /// A patch that lacks what it replaces.
    NOT_CUMULATIVE = "HP525", Refuse, "package lacks functions of the patch that it would replace",
        remedy "Build the package so that it contains all fixes since the shipped build (the old image is the shipped one, the new image has every fix); or revert the active patch first.",
        because "A package with a higher sequence replaces an active patch that changes the same functions, in one freeze. Here the active patch also changes functions that the package has no code for: these would go back to the shipped code, or go on as a mixture that nobody has tested.";
    /// A patch on top of another.
    BENEATH = "HP526", Refuse, "another patch replaced this one",
        remedy "Go back with hotpatch rollback, or revert the newer patch, which takes out everything beneath it.",
        because "The patch waits beneath a newer one that replaced it. Its functions run the newer code, which may use the older one's variables, so that it can't be taken out from under it.";
    /// A patch that others need.
    NEEDED = "HP527", Refuse, "another active patch requires this one",
        remedy "Revert the patch that requires it first.",
        because "The manifest of another active patch names this one as required. Without it that one would run in a combination that it was not made for.";
    /// Nothing beneath.
    NOTHING_BENEATH = "HP528", Refuse, "patch replaced no other one",
        remedy "Use hotpatch revert to take it out.",
        because "A rollback goes back to the patch that was active before and was replaced. This patch was applied to the shipped code.";
    /// Variables that can't live on.
    VARIABLE_LOST = "HP529", Refuse, "a variable of the replaced patch can't keep its value",
        remedy "Revert the active patch first; its variables begin anew then. Or build the package without changing the variable.",
        because "The active patch brought variables of its own, and a package that replaces it takes them over with their values. That needs the same variable, of the same size and type, in both; here it can't be told which one it is, or its type differs, or code walks from one variable into the next and only one of them exists already.";
    /// Variables that live on.
    VARIABLES_KEPT = "HP530", Note, "variables of the replaced patch keep their values",
        remedy "Nothing to do.",
        because "The active patch brought variables of its own. The package that replaces it uses the very same ones, at the same addresses, whatever initial value its own build gives them.";
    /// Functions of a replaced patch that live on.
    EXPOSED = "HP531", Refuse, "program may hold addresses of functions of the patch to be replaced",
        remedy "Revert the active patch first, then apply this one.",
        because "The active patch brought functions that the shipped build does not have, and its code or data takes their addresses: callbacks, virtual functions. Wherever the program keeps such an address it would go on to call the old patch's function, and a fix in it would be missed.";
    /// A function that may not be on a stack.
    MUST_NOT_STAY = "HP532", Refuse, "function may not go on in the version in which it began",
        remedy "Leave --allow-on-stack for it away, and apply when no thread is inside it; or restart.",
        because "With --allow-on-stack a call of the function that is under way goes on in its old code and calls new versions of other functions (after a revert the other way round). The build could not prove that the two fit together: their signatures, what the compiler knew of code in the same object file, how objects and registers are handed over, the address of a constant that differs, or a branch to the entry stand against it.";
    /// A policy that names no function of the patch.
    NOT_IN_PATCH = "HP533", Refuse, "patch does not replace this function",
        remedy "Name a function that the patch replaces, as `hotpatch inspect` shows it.",
        because "--allow-on-stack names a function that the patch does not replace. Threads may be inside such a function anyway.";
    /// What follows the switch.
    AFTERWARDS = "HP534", Note, "switched, but something that follows failed",
        remedy "See what hotpatch status says; hotpatch recover finishes what can be finished.",
        because "The program runs the code that it was to run from now on. What comes after the switch (the note in the patch's record, the patch's own follow-up, giving memory back) failed in part, as when the program ends at that moment.";
    /// Several modules of the target are the one that the package is for.
    LOADED_TWICE = "HP535", Refuse, "module is loaded more than once",
        remedy "Let the program unload the other one (two folders, a copy under another name), or restart it.",
        because "A program that loads one build of a DLL from two files has two modules with code and variables of their own. A patch belongs to one module: the other one would go on with the old code, and nothing would say so.";
    /// Context validation of CET.
    CONTINUATIONS = "HP536", Refuse, "target checks where exceptions continue (CET)",
        remedy "Restart the program with the new build; or build a fix that leaves functions with catch blocks and __except as they are.",
        because "With shadow stacks Windows can also check at which address a thread goes on once an exception was caught (SetContextIpValidation). The address must be in the table of a module (/guard:ehcont). New code lies in no module, so the program would end at the first exception that a function of the patch catches.";
    /// A patch that nobody approved.
    NOT_APPROVED = "HP540", Refuse, "patch of no approved package is in the process",
        remedy "Name its package too, if it is approved; otherwise find out who applied it (hotpatch audit show) and revert it.",
        because "The process has a patch whose package is not among those that were given and verified.";
    /// A package that isn't in the process.
    NOT_ACTIVE = "HP541", Refuse, "approved package is not active in the process",
        remedy "Apply it, or leave it out; where it was taken out and its memory had to stay, name it with --kept.",
        because "A package was given as approved, and no patch of it is in effect in the process: what it fixes is not fixed there.";
    /// No file to compare with.
    NO_BASELINE = "HP542", Refuse, "file of the shipped build is missing",
        remedy "Give the file of the build that is running with --image FILE.",
        because "To compare the code in memory with what was shipped, the file of that very build is needed. The one that the module was loaded from is another one by now, or can't be read.";
    /// Bytes that are not what they should be.
    DIFFERS = "HP543", Refuse, "memory is not what file and packages give",
        remedy "Find out what changed it (a debugger, a security product, an intruder); restart the program if that can't be explained.",
        because "Every byte of code of the module was compared with the file of its build, with the redirects of approved packages in place, and every byte of code and constants of the payloads with the packages. These bytes are others.";
    /// Pages that are not sealed as they should be.
    PROTECTION = "HP544", Refuse, "pages have another protection than they should",
        remedy "Find out what changed it; restart the program if that can't be explained.",
        because "Code is executable and never writable, constants are readable only, variables are never executable. Pages that are not so can have been changed, or can be.";
    /// Memory that was kept, and whose package was not given.
    KEPT_UNPROVEN = "HP545", Refuse, "memory of a patch that was taken out is not proven",
        remedy "Name the package that it says it is of with --kept PKG.hpk, and its bytes are compared as well; or let hotpatch recover give the memory back, if nothing points into it any more.",
        because "The process has memory that says of itself that a patch was in it, which was taken out while something still pointed there (HP518). No function of the module leads there: that follows from the bytes of the module, which were compared. But the memory is executable, what points there may call it, and anything could be written there under such a name. Without the package that it is of, its bytes are compared with nothing. So the proof does not hold for it, and says so with an exit code of its own (9).";
}
