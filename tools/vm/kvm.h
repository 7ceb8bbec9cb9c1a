/* SPDX-License-Identifier: MIT */
#ifndef VM_KVM_H
#define VM_KVM_H

#include <stdbool.h>

/* Can this machine run a stock kernel under KVM?  Notes what a user can mend. */
bool vm_kvm_works(void);
/* Bits of a physical address of this machine. */
unsigned int vm_host_bits(void);

#endif
