# SPDX-License-Identifier: MIT
#
# The build of OpenBLAS that the card's dies use.

BENCH_MULTIARCH := $(shell $(CC) -print-multiarch)
BENCH_BLAS	:= /usr/lib/$(BENCH_MULTIARCH)/openblas-pthread

npu-bench-host_CFLAGS := -I/usr/include/$(BENCH_MULTIARCH)/openblas-pthread
npu-bench-host_LIBS   := $(BENCH_BLAS)/libopenblas.so -Wl,-rpath,$(BENCH_BLAS) \
			 -lcjson -pthread
