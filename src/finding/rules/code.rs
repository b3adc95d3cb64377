//! 2xx: changed functions that cannot be carried or redirected safely.

use super::rules;

rules! {
    /// Exception handler data of an unknown form.
    EXCEPTION_DATA = "HP201", Refuse, "exception data that is not understood",
        remedy "Move the fix into a function without such a handler, or restart.",
        because "The unwind information of the function names a language-specific handler whose data holds addresses. The data of __C_specific_handler, __GSHandlerCheck and its forms, __CxxFrameHandler3, __CxxFrameHandler4, __gxx_personality_seh0 and rust_eh_personality is carried; this is another handler, or its data is not of the form that it should have.";
    /// An indirect jump with targets that are not known.
    INDIRECT_JUMP = "HP202", Refuse, "indirect jump that is not understood",
        remedy "Rebuild the file with -fno-jump-tables (clang, gcc), or turn the switch into comparisons, or restart.",
        because "The function jumps through a register or memory, which is how a compiler encodes a switch table. Where the table is not described well enough to be proven, its targets are unknown and the code cannot be moved.";
    /// A reference whose target cannot be named.
    UNRESOLVED_REFERENCE = "HP203", Refuse, "reference that cannot be resolved",
        remedy "Give the referenced object a symbol (a named, non-discarded variable or function), or restart.",
        because "An operand of the new code refers to a place in the new image for which no equal place in the old image could be proven. Guessing would make the patched program read or call something else.";
    /// A number that may be an RVA or a distance.
    IMAGE_BASE_RELATIVE = "HP204", Refuse, "image-base-relative addressing not understood",
        remedy "Restart, or rewrite the function so that it does not index a static table through the image base. In assembler code, use addresses (dq, .quad) or operands relative to RIP in place of RVAs and distances; the linker lists those.",
        because "A number in what the patch carries may be an RVA or a distance that no table lists: a displacement in a function that takes the address of the image itself, or an operand or an entry of a table that an assembler may have written. As a plain number it would lead to whatever lies there in the old image, and that it is one could not be proven.";
    /// Thread-local storage that can't be followed.
    THREAD_LOCAL = "HP205", Refuse, "thread-local storage access not understood",
        remedy "Use the thread-local variables that the running build has, by name; or restart.",
        because "Each thread has a block with the module's thread-local variables, laid out as the old build has them. The function uses that block in a way that could not be followed, or a variable in it that the old build does not have or has several of by that name.";
    /// Undecodable bytes.
    UNDECODABLE = "HP206", Refuse, "code that cannot be decoded",
        remedy "Restart, or keep the file with inline data or hand-written bytes out of the fix.",
        because "The extent of the function holds bytes that are no valid instruction sequence, such as a table inside the code. What cannot be decoded cannot be checked for references and cannot be moved.";
    /// No unwind info for a function that touches the stack.
    NO_UNWIND_INFO = "HP207", Refuse, "function without unwind information",
        remedy "Add unwind directives (.seh_*) to the assembler code, or restart.",
        because "The function moves the stack pointer or calls, but .pdata has no entry for it. A thread stopped inside could not be unwound, so nothing about its stack could be proven.";
    /// Parts that do not fit together.
    SPLIT_FUNCTION = "HP208", Refuse, "function whose extent is contradictory",
        remedy "Restart; or keep hand-written assembler code out of the fix.",
        because "Where the function begins and ends is said differently by its symbols and by the function table, or another function begins inside of it. Separated parts, chained unwind information and funclets are carried; what overlaps is not.";
    /// Not enough bytes for a redirect.
    TOO_SHORT = "HP210", Refuse, "no room for a redirect",
        remedy "Build with /functionpadmin:6 (or -ffunction-sections with alignment) so that short functions have padding.",
        because "A redirect is a five-byte jump, or a two-byte jump to five bytes of padding nearby. The old function and the padding after it are too short for the first, and there is no free padding in reach for the second.";
    /// A branch into the bytes of the redirect.
    BRANCH_INTO_ENTRY = "HP211", Refuse, "branch into the first bytes of the function",
        remedy "Restart; or change the function so that no loop begins within its first five bytes.",
        because "A branch of the old code leads to the middle of the bytes that the redirect overwrites. A thread that takes it would run half of a jump instruction.";
    /// The first instructions cannot be displaced.
    ENTRY_NOT_MOVABLE = "HP212", Refuse, "first instructions cannot be displaced",
        remedy "Restart; or change the first statement of the function.",
        because "The instructions under the redirect have to run elsewhere while the patch is not yet switched on. One of them cannot be moved without changing its meaning.";
    /// Shares its address with unchanged functions.
    FOLDED = "HP213", Refuse, "function shares its address with others (ICF)",
        remedy "Link both builds with /OPT:NOICF, or change all the functions that share the address in the same way.",
        because "Identical code folding gave several functions one address. Redirecting that address changes all of them, also those whose source did not change. Where only callers mean the changed one, they are carried instead (HP229); where something holds the address, such as a table of virtual functions, it is not known which function it stands for, and who keeps a copy.";
    /// The entry point, TLS callbacks, DllMain.
    RUNS_ONCE = "HP214", Risk, "start-up code changed",
        remedy "Accept it if the new start-up code need not run; otherwise restart.",
        because "The function is the entry point, a TLS callback or part of static initialisation. It has run already and will not run again in this process.";
    /// A removed function.
    REMOVED = "HP215", Note, "function removed",
        remedy "Nothing to do: only functions that the patch replaces call it.",
        because "The new build does not have the function any more. Its old code stays where it is, and nothing is seen to keep its address. The patch is not switched on while a thread is inside it, or has its address on its stack or in a register and may go on to call it.";
    /// A function that exists several times under one name.
    AMBIGUOUS = "HP216", Refuse, "name is not unique",
        remedy "Give the functions distinct names, or restart.",
        because "Several functions of one object file have the same name, and which of the old ones became which of the new ones cannot be proven.";
    /// Never returns.
    NEVER_RETURNS = "HP217", Risk, "function never returns",
        remedy "Accept it only if the function is not running when the patch is applied; otherwise move the fix into a function that it calls.",
        because "The old function is marked as never returning, and it is none that ends the thread or the process, or leaves by an exception: it has a loop that nothing leaves, or calls as its last what may never come back. While a thread is inside, which for a main loop is always, the patch cannot be switched on, because some calls would see old and others new behaviour.";
    /// Of several namesakes, which is meant.
    GUESSED_IDENTITY = "HP218", Refuse, "which is which is a guess",
        remedy "Give the functions or variables names that occur once in their object file, and the object files names that occur once in the image; or restart.",
        because "The new code refers to a function or variable whose name several have: static variables of one name in one function, file-local names of object files that are called the same. The order in which they lie in the image proves nothing, and neither their content nor the functions that use them tell which of the old ones is meant. The same goes for a function or variable that the new build does not have under its old name while another takes its place.";
    /// An address that may be the start of one object or the end of another.
    TWO_MEANINGS = "HP219", Refuse, "address with two meanings that lie apart",
        remedy "Link both builds with /DEBUGTYPE:FIXUP, which says what every address means; or end the loop by an index instead of an address; or restart.",
        because "The address where one object ends is the address where the next begins, and code does not say which of the two it means. In the new build the two lie side by side; once the patch is applied they do not, because one of them is carried or because the old build has another neighbour there. What is done with the address does not show which one is meant.";
    /// An import that the old image lacks.
    NEW_IMPORT = "HP220", Note, "new import",
        remedy "Check the package against the process (hotpatch check): it says whether the module is loaded and has the function.",
        because "The new code calls a function through an import that the old image does not have. Its address is looked up in the target when the patch is applied; a module that is not loaded is loaded then, also one that the new build would only load at the first call.";
    /// Exports differ.
    EXPORTS = "HP221", Refuse, "exports changed",
        remedy "Restore the exports of the old build, or restart.",
        because "Other modules resolved the exports of this image when they were loaded. A new, removed or moved export, or one with another ordinal, cannot be given to them afterwards.";
    /// An end that execution runs off.
    FALLS_THROUGH = "HP222", Refuse, "code runs on into the next function",
        remedy "End the function in a jump to the next one, or keep hand-written assembler code out of the fix.",
        because "Execution runs off the end of the function into the one behind it. A copy elsewhere needs a jump there, and none could be added without contradicting its unwind information.";
    /// A pointer that stays in the old code.
    POINTED_INTO = "HP223", Refuse, "pointer into the middle of a replaced function",
        remedy "Restart; or give the code that the pointer leads to a symbol (debug information) and a function of its own.",
        because "Something in the image holds an address in the middle of the function. Only its entry is redirected, so whoever goes through that address would go on running the old code.";
    /// Nameless code whose address is taken.
    NAMELESS_ADDRESS = "HP224", Refuse, "address of a function without debug information",
        remedy "Compile the object file with debug information (/Z7, -g), or restart.",
        because "The code takes the address of a function that no symbol names, and which function of the old build that is could not be proven. The program may have kept the address and compare it.";
    /// An index whose range is not known.
    UNPROVEN_REACH = "HP226", Refuse, "reach of an indexed address not proven",
        remedy "Restart; or let the code index the table itself, so that its own address is in the code.",
        because "The code adds an index to an address at which no object begins, because the compiler has folded a bias of the index into it. Which object it reaches depends on the range of the index, which could not be proven, and what lies around that address is not the same in both builds.";
    /// A function that the author leaves as it is.
    VERSION_LEFT_OUT = "HP227", Note, "function left out: only the version differs",
        remedy "Nothing to do; without --leave-out the patch carries it.",
        because "Old and new code of the function differ in nothing but the version, as the version resources of both images prove, and the author of the patch leaves it out. It goes on saying the version that the file on disk and the module's resources say.";
    /// The version is left out here and carried there.
    VERSION_MIXED = "HP228", Risk, "the version is left out in one place and carried in another",
        remedy "Leave all of it out (--leave-out-version) or carry all of it; accept it if no part of the program compares its version with that of another.",
        because "Some functions that hold the version are left as they are, and code of the patch holds the new one. Parts of one program then say different versions of themselves. Where one checks that of another, as a library does with what its header told the caller, it refuses to work.";
    /// Shared its address with others, and is carried with its callers.
    TOLD_APART = "HP229", Note, "function told apart from others at its address",
        remedy "Nothing to do: the functions that call it are part of the patch.",
        because "Identical code folding gave several functions one address, and not all of them changed. The old address stays what it is; the changed function is carried as a new one, and every function whose new code calls it with it. Nothing but those callers can mean it: nobody holds its address.";
    /// Neither C nor C++.
    OTHER_LANGUAGE = "HP230", Risk, "language with rules of its own",
        remedy "Accept it where the fix changes no type of living values, adds or moves no variant, closure, method of a trait or point where a future waits, and nothing that has run already; otherwise restart.",
        because "The patch has code of another language than C and C++. Such languages promise less from one build to the next than a patch needs, and their PDBs say less: which closure or implementation a number in a name means, how variants, futures and captures are laid out, in which order the methods of a trait stand in its tables, which functions the compiler made one, what is initialised once; and the identity of a type changes with the version of its library. What can be compared is compared as for C++; the rest is not proven.";
    /// A coroutine that may be waiting in a frame of the old build.
    COROUTINE = "HP231", Risk, "coroutine changed that may be waiting",
        remedy "Accept it where no coroutine of this function waits when the patch is applied; otherwise move the fix into a function that it calls, or restart.",
        because "What a coroutine keeps while it waits, and the number of the point at which it waits, lie in a frame that the old code made. A local variable or a point to wait at more or less gives the frame another layout, and nothing in the PDB describes that of optimised code. Where the code that makes the frame is the same, and the code that goes on reads and writes the same places of it in the same order, the frame is the same; here it is not.";
    /// Nothing tells the types that it works with.
    UNDESCRIBED = "HP232", Risk, "changed code whose types are not told",
        remedy "Compile with complete debug information in both builds (/Z7 or /Zi; clang: -g -fstandalone-debug), also the file that defines the variable or the constructor; keep what a fix adds to objects of the old build beside them (attached variables of examples/hotpatch.h); or accept it where no type changed that objects of the running program have, which for assembler code is for its author to say.",
        because "Whether objects that the old code made mean the same to the new code is decided by the types in the debug information. The object file of this code has none (it was compiled without, for line numbers alone, or it is assembler code), or the code uses an object at a place where the old code does not, and no record says what lies there: compilers leave out a class whose constructor is in another file, and the type of a variable that another file defines. Or the class of the object is known and has nothing there, as where the new code takes it for one of a new class that derives from its own. Or a new class has one of the old build inside, and nothing in the new build makes an object of it, or a function makes one where the old one made one of the class inside: then objects of the old build may be taken for larger ones than they are. The code is compared as any other, but a structure that got another layout would not be seen.";
    /// An address that control flow guard doesn't know.
    NO_CALL_TARGET = "HP233", Refuse, "address of a function that control flow guard forbids to call",
        remedy "Let the fix hand out a small function of its own that calls it: new functions of a patch may be called through their addresses. Otherwise restart.",
        because "The image was linked with control flow guard (/guard:cf). Its table names the functions whose address something takes; a call through any other address ends the program. The new code takes the address of a function that the old table doesn't have.";
    /// A removed function that goes on to be called.
    REMOVED_HELD = "HP234", Risk, "function removed whose address may be held",
        remedy "Keep the function in the new build, with what it should do now (clang and MinGW: __attribute__((used, noinline)); MSVC: __declspec(noinline), and take its address somewhere); or accept it where its old code may go on to run; or restart.",
        because "The new build does not have the function any more, and the running program may have stored its address: as a callback, in an object, or in a table of virtual functions. Whoever calls it there runs the old code, also where a change of it went into the functions that it was inlined into, and although functions that it calls may be changed and expect something else.";
}
