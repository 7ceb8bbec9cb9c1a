/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What convolution and pooling slide over: volumes.  Images are those of depth 1.
 */
#ifndef NPU_VOLUME_H
#define NPU_VOLUME_H

#include "tile.h"
#include "window.h"

/* The axes of a volume; in a box they are behind two other dimensions. */
enum { NPU_Z, NPU_Y, NPU_X, NPU_AXES };

/* A box with all three axes. */
void npu_volume_box(struct npu_box *to, const struct npu_box *box);

/* The window along each axis. */
void npu_volume_windows(struct npu_window *window, const struct npu_work *work);

#endif
