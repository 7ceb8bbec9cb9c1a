/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware of a machine whose virtual CPUs do nothing but what a test tells
 * them.  Each walks its list again and again; the list of CPU n is at HAMMER_LISTS +
 * HAMMER_LIST_SIZE * n, see hammer.h.
 */
#include "hammer.h"

#define BASE 0xf0000
#define APIC 0xfee00000
#define APIC_ID 0x20
#define APIC_SPURIOUS 0xf0
#define APIC_COMMAND 0x300
#define INIT_ALL_OTHERS 0xc4500
#define START_ALL_OTHERS (0xc4600 | BASE >> 12)

	.text
	.code16
	.globl _start
_start:	/* of every CPU */
	cli
	lgdtl	%cs:(gdtr - _start)
	movl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$8, $flat

	.code32
flat:	movl	$16, %eax
	movl	%eax, %ds
	movl	$APIC, %ebx
	movl	$0x1ff, APIC_SPURIOUS(%ebx)
	movl	APIC_ID(%ebx), %esi
	shrl	$24, %esi
	jnz	work
	movl	$INIT_ALL_OTHERS, APIC_COMMAND(%ebx)
	movl	$START_ALL_OTHERS, APIC_COMMAND(%ebx)

work:	imull	$HAMMER_LIST_SIZE, %esi
	addl	$HAMMER_LISTS, %esi
again:	incl	HAMMER_ROUNDS(%esi)
	leal	HAMMER_STEPS(%esi), %edi
next:	movl	HAMMER_OP(%edi), %ecx
	movl	HAMMER_ADDRESS(%edi), %edx
	movl	HAMMER_VALUE(%edi), %eax
	addl	$HAMMER_STEP_SIZE, %edi
	cmpl	$HAMMER_WRITE, %ecx
	je	write
	cmpl	$HAMMER_READ, %ecx
	jne	again
	movl	(%edx), %eax
	jmp	next
write:	movl	%eax, (%edx)
	jmp	next

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9b000000ffff	/* code */
	.quad	0x00cf93000000ffff	/* data */
gdtr:	.word	23
	.long	gdt

	.org	0xfff0
	.code16
	ljmpw	$(BASE >> 4), $0
	.org	0x10000
