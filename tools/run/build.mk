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
