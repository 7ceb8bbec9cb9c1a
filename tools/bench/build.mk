# SPDX-License-Identifier: MIT
npu-bench_LIBS := -ldrm -lm
