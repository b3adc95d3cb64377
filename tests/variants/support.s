# What C cannot say: jump thunks without a name, as incremental linking makes them, and the
# load configuration, whose counts and flags are absolute symbols of the linker.

    .text
    .globl  through_thunk
through_thunk:
    jmp     inner_thunk
    int3
    int3
    int3
inner_thunk:
    .ifdef  RETARGET
    jmp     local_target
    .else
    jmp     same_13
    .endif
    jmp     same_14
    .globl  local_target
local_target:
    jmp     dispatch

    .section .rdata,"dr"
    .globl  _load_config_used
    .p2align 3
_load_config_used:
    .long   312                     # size
    .zero   108
    .quad   __guard_check_icall_fptr
    .quad   __guard_dispatch_icall_fptr
    .quad   __guard_fids_table
    .quad   __guard_fids_count
    .long   __guard_flags
    .zero   12
    .quad   __guard_iat_table
    .quad   __guard_iat_count
    .quad   __guard_longjmp_table
    .quad   __guard_longjmp_count
    .zero   72
    .quad   __guard_eh_cont_table
    .quad   __guard_eh_cont_count
    .zero   32
