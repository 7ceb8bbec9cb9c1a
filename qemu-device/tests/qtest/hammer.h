/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of accesses to memory that virtual CPUs do in a loop.  For C and assembler.
 */
#ifndef NPU_QTEST_HAMMER_H
#define NPU_QTEST_HAMMER_H

#define HAMMER_LISTS 0x20000
#define HAMMER_LIST_SIZE 0x1000

/* In a list: how often it was walked, then the steps until one that is neither. */
#define HAMMER_ROUNDS 0
#define HAMMER_STEPS 16

/* In a step */
#define HAMMER_OP 0
#define HAMMER_ADDRESS 4
#define HAMMER_VALUE 8
#define HAMMER_STEP_SIZE 16

#define HAMMER_END 0
#define HAMMER_READ 1 /* of 32 bits */
#define HAMMER_WRITE 2

#endif
