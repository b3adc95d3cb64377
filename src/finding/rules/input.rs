//! 1xx: what the two builds are, before anything in them is compared.

use super::rules;

rules! {
    /// Not an x64 image.
    MACHINE = "HP101", Refuse, "not an x64 image",
        remedy "Build the program for x64; 32-bit and ARM64 programs cannot be hotpatched.",
        because "Replacement code is x64 machine code and is entered through x64 jumps. An image for another machine (x86, ARM64, ARM64EC) has to be restarted into its new build.";
    /// A managed image.
    MANAGED = "HP102", Refuse, "managed (CLR) image",
        remedy "Restart the program; only native code can be hotpatched.",
        because "The functions of a managed image are compiled at run time by the CLR, so their native code is not in the file and cannot be compared or redirected.";
    /// A kernel-mode image.
    KERNEL = "HP103", Refuse, "kernel-mode image",
        remedy "Use the operating system's own servicing for drivers; hotpatch works on user-mode programs.",
        because "A driver or a boot application runs in the kernel, where no user-mode tool may write and where kernel patch protection watches code. The image says so by its subsystem or by importing ntoskrnl.exe or hal.dll.";
    /// Sections that are both writable and executable, or code outside of code sections.
    PACKED = "HP104", Refuse, "packed or self-modifying section layout",
        remedy "Use the image that the linker wrote, before it was packed or protected.",
        because "A section that is writable and executable at once, or an entry point outside every code section, is how packers and protectors lay out an image. The code in the file is then not the code that runs.";
    /// Code of the patch was made by another compiler, or with other options.
    TOOLCHAIN = "HP110", Risk, "different compiler or options",
        remedy "Rebuild NEW with the compiler version and options that built OLD.",
        because "When the compiler or its options differ between the builds, calling conventions of file-local functions, inlining and data layout may differ in functions that did not change in the source. The patch may grow far beyond the fix, and code that the diff calls unchanged may rest on other assumptions.";
    /// The PDB has no procedure records.
    STRIPPED_PDB = "HP111", Refuse, "PDB without procedures",
        remedy "Use the full PDB that the linker wrote (/DEBUG:FULL), not a stripped or public-only one.",
        because "A public or stripped PDB lists addresses and names but not where procedures end. Without exact extents a changed function could be missed.";
    /// The image has been stripped of base relocations.
    NO_RELOCATIONS = "HP112", Refuse, "no base relocations",
        remedy "Link with /DYNAMICBASE (and without /FIXED) so that the image lists its absolute addresses.",
        because "The base relocation table is the only list of absolute addresses inside code and data. Without it an absolute address cannot be told from a number.";
    /// Records that could not be understood.
    UNKNOWN_RECORDS = "HP113", Note, "debug records not understood",
        remedy "Nothing to do; report it with the toolchain's name and version if a result looks wrong.",
        because "Some records of the PDB are of a kind this version does not know. None of them is needed for the answer, but they are counted so that nothing is dropped in silence.";
    /// The PDB only points into object files.
    FASTLINK_PDB = "HP114", Refuse, "PDB that points into object files",
        remedy "Link with /DEBUG:FULL, or complete the PDB on the machine that built it: mspdbcmf.exe app.pdb.",
        because "A PDB of /DEBUG:FASTLINK holds addresses and names, and for the rest the paths of the object files on the machine that linked it. Procedures, their lengths and their local data are not in it, so that a changed function could be missed.";
    /// A valid file of a form that this version has no reader for.
    FORM = "HP115", Refuse, "file of a form that is not read",
        remedy "Link with /LARGEADDRESSAWARE (the default for x64), so that addresses have 64 bits.",
        because "The image holds absolute addresses of 32 bits, which say where it is loaded. This version follows addresses of 64 bits only, and would take a shorter one that merely moved for a number that changed.";
    /// Sections of data that were merged into one of code.
    DATA_IN_CODE = "HP116", Refuse, "data in a code section",
        remedy "Link without merging sections of data into one of code (/MERGE:.rdata=.text and the like).",
        because "Constants, tables and slots of imports that lie in a code section can't be told from instructions with certainty. Code read as data, or data read as code, would make the comparison worth nothing. Tables that an assembler file keeps among its own code are compared with it.";
    /// Code of the patch was made by another build of the same compiler.
    SERVICED_TOOLCHAIN = "HP117", Note, "servicing build of the compiler",
        remedy "Nothing to do; with the compiler build that built OLD the patch may be smaller.",
        because "Code of the patch was made by another build of the compiler that made the code it replaces: name, major and minor version and the recorded options are the same. Such builds bring corrections, not other conventions or layouts, and each function is compared in any case; but one may come out differently although its source is the same.";
    /// Many functions changed whose source files did not.
    SAME_SOURCES = "HP118", Note, "code changed although its source files did not",
        remedy "Link NEW with the options and with the profile of the shipped build (/USEPROFILE:PGD=..., /FORCE:PGOREPRO; clang: the same -fprofile-use file).",
        because "Both PDBs have checksums of the source files, and most of the changed functions are made of files that are the same in both builds, by a compiler that is the same. A linker that arranges code by a recorded profile inlines, splits and orders functions by it: with another profile hundreds of functions come out differently, and the fix is lost among them. Every one of them is patched as a change of its own, which is sound, but the patch is far larger than it need be. Keep the profile (.pgd) with each build you ship. Without a profile the reason is an option that the records do not name, a definition on the command line, or a header that has no code.";
}
