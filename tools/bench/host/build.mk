# SPDX-License-Identifier: MIT
#
# The serial build of OpenBLAS by its path, as the card's dies use it: the threaded
# one has the same soname.

BENCH_MULTIARCH := $(shell $(CC) -print-multiarch)
BENCH_BLAS	:= /usr/lib/$(BENCH_MULTIARCH)/openblas-serial

npu-bench-host_CFLAGS := -I/usr/include/$(BENCH_MULTIARCH)/openblas-serial
npu-bench-host_LIBS   := $(BENCH_BLAS)/libopenblas.so -Wl,-rpath,$(BENCH_BLAS) \
			 -lcjson -pthread
