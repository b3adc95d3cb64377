//! 3xx: data and types.

use super::rules;

rules! {
    /// Writable data with another initial value.
    DATA_INITIALISER = "HP301", Risk, "initial value of writable data changed",
        remedy "Accept it if the running value need not change; otherwise set the value in new code, or restart.",
        because "The running program has been using the variable since it started; its value now is not the initial one. The patch leaves the running value alone.";
    /// A global that has another size.
    DATA_RETYPED = "HP302", Refuse, "variable changed in size",
        remedy "Keep the variable as it was and add a new one beside it, or restart.",
        because "Old and new code share one copy of every variable, in the old image. A variable of another size has no room there.";
    /// A global that is gone.
    DATA_REMOVED = "HP303", Risk, "variable removed",
        remedy "Accept it if nothing outside of the changed functions relied on the variable; otherwise keep it.",
        because "The new build does not have the variable any more. Its memory stays in the old image with the value it has, but new code no longer keeps it up to date for old code that may read it.";
    /// Constants with an identity that changed.
    CONSTANT_CHANGED = "HP304", Refuse, "constant with an identity changed",
        remedy "Keep the table as it was and introduce a new one under another name, or restart.",
        because "A virtual function table, run-time type information or an exported constant has another value in the new build. Live objects and other modules hold its address, and would keep the old value.";
    /// A type whose layout changed.
    TYPE_LAYOUT = "HP305", Refuse, "type layout changed",
        remedy "Keep the layout of the type and put new state beside it (build --hooks-template FILE.c writes what that takes), or restart.",
        because "Objects of this type that exist in the running program have the old layout. New code would read and write the wrong members.";
    /// TLS layout.
    TLS_LAYOUT = "HP306", Refuse, "thread-local storage changed",
        remedy "Keep the thread-local variables as they were, or restart.",
        because "Each thread's TLS block was allocated with the old size and offsets when the thread started.";
    /// Data that cannot be attributed.
    UNNAMED_DATA = "HP307", Refuse, "data without a symbol changed",
        remedy "Build with full debug information so that every variable has a symbol, or restart.",
        because "Bytes of a writable section differ that belong to no symbol, so whose value changed cannot be told.";
    /// Constants of which the payload has its own copy.
    CONSTANT_REPLACED = "HP308", Note, "constant changed",
        remedy "Nothing to do: every function that refers to the constant is replaced as well.",
        because "A named constant has another value in the new build. The payload carries the new value, and every function that refers to the constant counts as changed and is replaced. Pointers to the old constant that the running program has already stored keep leading to the old value.";
    /// RTTI and descriptions of thrown types that are new.
    NEW_TYPE_INFORMATION = "HP309", Refuse, "new thrown type or run-time type information",
        remedy "Throw a type that the old build throws already, or use no dynamic_cast or typeid of a new class; otherwise restart.",
        because "The new build describes a type to the C++ runtime (a thrown type, or a class with virtual functions) that the old build does not. Such descriptions hold addresses relative to their own image, and there must be one of each; this version does not carry them in the payload.";
    /// A byte that nothing accounts for.
    UNEXPLAINED = "HP310", Refuse, "difference that nothing explains",
        remedy "Find out what lies there (the place and its neighbours are named) and keep it as it was; build with full debug information; otherwise restart.",
        because "The images differ in bytes that belong to no function of the patch, to no data that only such functions use, and to nothing that merely moved. Code that refers to them in a way that was not recognised would go on with the old bytes.";
    /// A constant whose users are not all replaced.
    CONSTANT_IN_USE = "HP311", Refuse, "constant changed, and not everything that may use it is in the patch",
        remedy "Keep the constant as it was and use a new one under another name, or restart.",
        because "The bytes of a constant differ, while a function that stays refers to it or may do so, or no function that uses it was found at all. Such code would go on with the old value, where the new build uses the new one.";
    /// A kept variable whose value means something else.
    VARIABLE_MEANING = "HP312", Risk, "variable has another type",
        remedy "Give the variable of the new type another name, or bring its value over in a function that runs when the patch is applied; accept it where every value that old code has stored means the same to new code; otherwise restart.",
        because "Old and new code share one copy of every variable, in the old image. This one has the size that it had, but another type: what old code has stored there (an integer, a pointer to one structure) is read by new code as something else (a floating-point number, a pointer to another structure). Or the compiler keeps only which of two values a static variable has, in a byte without a symbol, and the code that reads it has other values in the new build.";
    /// A kept variable whose old address does not meet what new code asks for.
    VARIABLE_ALIGNMENT = "HP313", Refuse, "variable is less aligned than new code may rely on",
        remedy "Do not raise the alignment of a variable that exists already: add an aligned one beside it, or use instructions that need no alignment; or restart.",
        because "Old and new code share one copy of every variable, where the old image has it. New code reads or writes it with an instruction that faults on an address that is not a multiple of 16, 32 or 64, and the old address is none; or it does so behind a pointer where the old code took any address, so that what the running program has there need not be aligned.";
    /// An enumeration of which stored values mean something else.
    ENUMERATION_VALUES = "HP314", Risk, "values of an enumeration changed",
        remedy "Add new values behind the existing ones, and keep those that are no longer used; accept it where no value of the enumeration is stored when the patch is applied; otherwise restart.",
        because "The running program has stored values of this enumeration as numbers. In the new build a name has another number, or is gone, so that new code takes what is stored for something else.";
    /// Resources that differ.
    RESOURCES = "HP315", Risk, "resources changed",
        remedy "Accept it if the change may wait for the next restart; a text or dialog that has to change now must come from code.",
        because "Resources (string tables, dialogs, message tables, manifests) are read from the module as it was loaded. A patch replaces code: the running program goes on with the old resources, and new code that asks for a new resource does not find it. A version resource that differs is listed and is no finding.";
    /// Constants of which the payload has its own copy, and whose address is stored.
    CONSTANT_HELD = "HP316", Risk, "constant changed that live objects may point to",
        remedy "Accept it if nothing keeps the address, or if it is enough that new objects use the new value; otherwise set the stored addresses in new code, or restart.",
        because "A constant has another value, another name or no name any more in the new build. The payload carries the new one, and every function that refers to the constant is replaced; but a variable holds the address of the old one, or code of the old build does something with the address that is not known to be harmless: it stores it or what it computes of it, as objects do with their table of functions, hands it to a function that nobody knows, gives it to callers that nobody knows, or keeps it while it calls others, in a function that stays. What is held already keeps leading to the old value, and is not the address that new code compares it with.";
    /// Type records that are not understood.
    UNKNOWN_TYPES = "HP317", Note, "type records not understood",
        remedy "Nothing to do where the functions of the patch do not use these types: where one does, a finding of its own says so. Please report the kinds of record that are named here.",
        because "The PDB describes types by records of a kind that this version does not know. Whether they differ between the builds cannot be told.";
    /// Data that something may walk over.
    UNSEEN_USE = "HP318", Risk, "list or unused data changed",
        remedy "Accept it if new entries may wait for the next restart, and removed ones may go on, or if nothing uses that data at all; otherwise restart.",
        because "Data was added, removed, moved or given another value, and nothing in the image is seen to refer to it. Either nobody uses it, or code walks over it from a neighbour on: the linker puts what object files have in sections of one name into a list, from a marker at its start to one at its end. Where data lies between other things in the running program cannot be changed, so that such code goes on with the old list.";
    /// A type has a new member where its objects had padding.
    MEMBER_IN_A_HOLE = "HP319", Risk, "member added in padding",
        remedy "Accept it if new code is right with whatever old objects hold there; otherwise keep the new value beside the object (an attached variable of examples/hotpatch.h), or restart.",
        because "The type has a new member where its objects had padding; its size and all other members are as they were, so that old objects make sense but for this member. In objects of the running program the padding holds whatever lay there: zeros, if the memory was cleared, or anything. Code that did not change goes on to make and copy such objects without the member. New code that reads it must be right for any value.";
    /// Objects or arrays of a class that are made and freed in another way.
    DESTRUCTOR = "HP320", Risk, "objects of a class made and freed in another way",
        remedy "Accept it where nothing of the class, nor of a class that it is a member or base of, is made by new or new[] in one build and deleted in the other; otherwise give the work to a function that is called where objects end, or restart.",
        because "For a class with a destructor that does something new[] keeps the number of elements before the array, and delete[] reads it there and gives that address back. An array of the running program, made when the class had none, has nothing before it; and the other way an array is given back at an address that the heap does not know. How far before the array the number is, and which operators are called, depends on the alignment of the class and on operators of its own. Records say that a class has a destructor or an operator delete[]; all else is read off the code of the functions that changed.";
    /// Another type in the place of one that is gone.
    REPLACED_TYPE = "HP321", Risk, "function works with another type than before",
        remedy "Keep the name of the type where its objects live on; or accept it where no object of the old type exists when the patch is applied, as of one that lives within a call.",
        because "Types are compared by their names. The old function has to do with a type that the new build does not have, and the new one with a type that the old build does not have, of another layout. If the one took the place of the other, the new code would be handed objects that the old code made.";
}
