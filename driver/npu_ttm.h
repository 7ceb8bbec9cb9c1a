/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_TTM_H_
#define _NPU_TTM_H_

#include <linux/types.h>

struct npu_device;

int npu_ttm_init(struct npu_device *ndev);
u64 npu_ttm_host_total(void);
u64 npu_ttm_host_used(struct npu_device *ndev);

#endif
