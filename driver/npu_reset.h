/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_RESET_H_
#define _NPU_RESET_H_

#include <linux/types.h>

struct npu_device;
struct pci_dev;
struct work_struct;

int npu_reset_hardware(struct npu_device *ndev);
void npu_reset_if_dirty(struct npu_device *ndev);
void npu_reset_card(struct npu_device *ndev, const char *why);
void npu_reset_prepare(struct pci_dev *pdev);
void npu_reset_finish(struct pci_dev *pdev);
void npu_reset_work(struct work_struct *work);

#endif
