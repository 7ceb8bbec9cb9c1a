# SPDX-License-Identifier: MIT
#
# npu-run reads ONNX with the message definitions of the system's libonnx-dev.

ONNX_PROTO   ?= $(firstword $(wildcard /usr/include/onnx/onnx.proto \
		  /usr/local/include/onnx/onnx.proto))
PROTOC_C     ?= protoc-c

npu-run_GEN   := $(OUT)/run/onnx.pb-c.c
npu-run_CFLAGS := $(shell $(PKGCONFIG) --cflags libprotobuf-c)
npu-run_LIBS  := $(shell $(PKGCONFIG) --libs libprotobuf-c) -lm

$(OUT)/run/onnx.pb-c.c: $(ONNX_PROTO)
	$(if $<,,$(error onnx.proto is missing: apt-get install libonnx-dev))
	@mkdir -p $(@D)
	$(PROTOC_C) --proto_path=$(dir $<) --c_out=$(@D) $<

# For the tests: the same program with sanitizers; and again, "on-host", with the
# dies' code in place of a card.
RUN_TEST    := $(OUT)/run-test
RUN_SAN	    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
RUN_COMPUTE := $(TOP)/build/tests/compute.a
RUN_BLAS    := /usr/lib/$(shell $(CC) -print-multiarch)/openblas-pthread

RUN_TEST_PROGS := $(patsubst %,$(RUN_TEST)/%, \
			     npu-run on-host fuzz-models bad-models poke)
RUN_TEST_PARTS := $(patsubst $(HERE)/run/%.c,$(RUN_TEST)/run-%.o, \
			     $(filter-out %/main.c,$(wildcard $(HERE)/run/*.c))) \
		  $(RUN_TEST)/onnx.pb-c.o
RUN_TEST_LIB   := $(notdir $(wildcard $(TOP)/libnpu/ops_*.c)) program.c insn.c \
		  tensor.c view.c error.c
RUN_TEST_CARD  := $(RUN_TEST_LIB:%.c=$(RUN_TEST)/libnpu-%.o) $(RUN_TEST)/host-card.o

run-test-compile = @mkdir -p $(@D); \
	$(CC) -std=gnu11 $(DEFINES) $(WARN) -I$(TOP)/uapi -MMD -MP $(RUN_SAN) \
		$(libnpu_cflags) $(npu-run_CFLAGS) -I$(OUT)/run -I$(HERE)/run \
		-I$(TOP)/qemu-device -I$(TOP)/qemu-device/compute -c -o $@ $<

$(RUN_TEST)/run-%.o: $(HERE)/run/%.c | $(npu-run_GEN)
	$(run-test-compile)
$(RUN_TEST)/libnpu-%.o: $(TOP)/libnpu/%.c
	$(run-test-compile)
$(RUN_TEST)/%.o: $(HERE)/tests/run/%.c | $(npu-run_GEN)
	$(run-test-compile)
$(RUN_TEST)/onnx.pb-c.o: $(npu-run_GEN)
	$(run-test-compile)

$(RUN_COMPUTE): run-test-compute
	@:
run-test-compute:
	@$(MAKE) --no-print-directory -C $(TOP)/qemu-device/tests $(RUN_COMPUTE)

$(RUN_TEST)/npu-run: $(RUN_TEST)/run-main.o $(RUN_TEST_PARTS)
	$(CC) $(RUN_SAN) -o $@ $^ $(npu-run_LIBS) -L$(LIBNPU) -lnpu \
		-Wl,-rpath,$(LIBNPU)

$(RUN_TEST)/on-host: $(RUN_TEST)/run-main.o
$(RUN_TEST)/fuzz-models: $(RUN_TEST)/fuzz-models.o
$(RUN_TEST)/on-host $(RUN_TEST)/fuzz-models: $(RUN_TEST_PARTS) $(RUN_TEST_CARD) \
		$(RUN_COMPUTE)
	$(CC) $(RUN_SAN) -o $@ $^ $(npu-run_LIBS) -L$(RUN_BLAS) \
		-Wl,-rpath,$(RUN_BLAS) -lopenblas -pthread

$(RUN_TEST)/bad-models: $(RUN_TEST)/bad-models.o $(RUN_TEST)/onnx.pb-c.o
	$(CC) $(RUN_SAN) -o $@ $^ $(npu-run_LIBS)

# The guest's tests poke a float into the card's memory; the guest has no loader at
# the usual place.
$(RUN_TEST)/poke: $(HERE)/tests/run/poke.c $(HERE)/run/build.mk
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -static -o $@ $<

.PHONY: run-test run-test-compute
run-test: $(RUN_TEST_PROGS)
tests: run-test

-include $(wildcard $(RUN_TEST)/*.d)
