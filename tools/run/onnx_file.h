/* SPDX-License-Identifier: MIT */
/* ONNX files: models, and tensors as in ONNX's test data (.pb). */
#ifndef RUN_ONNX_FILE_H
#define RUN_ONNX_FILE_H

#include "error.h"
#include "onnx.pb-c.h"
#include "tensor.h"

/* NULL and *err (without the path) on error; free with onnx__model_proto__free_unpacked(m, NULL). */
Onnx__ModelProto *onnx_read_model(const char *path, struct error *err);

/*
 * What a TensorProto says.  Its data may be borrowed from the message, which must
 * then live as long as the tensor.  "what" begins the message on error.
 */
int onnx_tensor(struct tensor *t, const Onnx__TensorProto *proto, const char *what,
		struct error *err);
int onnx_read_tensor(struct tensor *t, const char *path, struct error *err);
int onnx_write_tensor(const struct tensor *t, const char *name, const char *path,
		      struct error *err);

#endif
