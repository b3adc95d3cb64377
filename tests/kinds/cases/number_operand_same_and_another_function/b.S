	.text
	.globl place
	.p2align 4
#ifdef NEW
place:	mov $first@IMGREL, %eax
#else
place:	mov $second@IMGREL, %eax
#endif
	add %rcx, %rax
	ret
	.p2align 4
#ifdef NEW
	.globl second
second:	lea 7(%rcx), %eax
	ret
	.p2align 4
	.globl first
first:	lea 3(%rcx), %eax
	ret
#else
	.globl first
first:	lea 3(%rcx), %eax
	ret
	.p2align 4
	.globl second
second:	lea 7(%rcx), %eax
	ret
#endif
