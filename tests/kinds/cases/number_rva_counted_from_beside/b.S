	.text
	.globl place
	.p2align 4
place:
	lea __ImageBase+4096(%rip), %rax
	mov $second@IMGREL-4096, %ecx
	add %rcx, %rax
	ret
