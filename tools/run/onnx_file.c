// SPDX-License-Identifier: MIT
#include "onnx_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What serialised protobuf messages can have at most. */
#define MAX_FILE 0x7fffffff
/* Messages within messages; a real model has about six. */
#define MAX_DEPTH 64

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_BYTES = 2,
	WIRE_32 = 5,
};

struct wire {
	const uint8_t *at;
	const uint8_t *end;
};

static bool wire_varint(struct wire *w, uint64_t *value)
{
	unsigned int shift;

	*value = 0;
	for (shift = 0; shift < 64 && w->at < w->end; shift += 7) {
		*value |= (uint64_t)(*w->at & 0x7f) << shift;
		if (!(*w->at++ & 0x80))
			return true;
	}
	return false;
}

static bool wire_skip(struct wire *w, uint64_t bytes)
{
	if (bytes > (uint64_t)(w->end - w->at))
		return false;
	w->at += bytes;
	return true;
}

/*
 * Whether a message is well-formed and not nested too deeply.  The unpacker calls
 * itself for every level, so it must not see a file that is all levels.
 */
static bool wire_ok(const ProtobufCMessageDescriptor *type, struct wire w,
		    unsigned int depth)
{
	const ProtobufCFieldDescriptor *field;
	uint64_t key, number;
	struct wire inner;

	while (w.at < w.end) {
		if (!wire_varint(&w, &key) || key > UINT32_MAX)
			return false;
		switch (key & 7) {
		case WIRE_VARINT:
			if (!wire_varint(&w, &number))
				return false;
			break;
		case WIRE_64:
			if (!wire_skip(&w, 8))
				return false;
			break;
		case WIRE_32:
			if (!wire_skip(&w, 4))
				return false;
			break;
		case WIRE_BYTES:
			if (!wire_varint(&w, &number))
				return false;
			inner.at = w.at;
			if (!wire_skip(&w, number))
				return false;
			inner.end = w.at;
			field = protobuf_c_message_descriptor_get_field(type, key >> 3);
			if (!field || field->type != PROTOBUF_C_TYPE_MESSAGE)
				break;
			if (depth >= MAX_DEPTH ||
			    !wire_ok(field->descriptor, inner, depth + 1))
				return false;
			break;
		default:
			return false;
		}
	}
	return true;
}

static int read_all(int fd, uint8_t *to, size_t size)
{
	ssize_t n;

	while (size) {
		n = read(fd, to, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		to += n;
		size -= n;
	}
	return 0;
}

static uint8_t *read_fd(int fd, const char *where, size_t *size, struct error *err)
{
	struct stat st;
	uint8_t *data;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		fail(err, "%snot a regular file", where);
		return NULL;
	}
	if (st.st_size > MAX_FILE) {
		fail(err, "%sover 2 GiB, which no protobuf message can be", where);
		return NULL;
	}
	*size = st.st_size;
	data = malloc(*size + 1);
	if (!data) {
		fail(err, "%sout of memory", where);
		return NULL;
	}
	if (read_all(fd, data, *size)) {
		fail(err, "%scannot be read to its end", where);
		free(data);
		return NULL;
	}
	return data;
}

/* "where" begins the message on error. */
static ProtobufCMessage *read_message(const char *path, const char *where,
				      const char *what,
				      const ProtobufCMessageDescriptor *type,
				      struct error *err)
{
	ProtobufCMessage *message = NULL;
	struct wire w;
	uint8_t *data;
	size_t size;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fail(err, "%s%s", where, strerror(errno));
		return NULL;
	}
	data = read_fd(fd, where, &size, err);
	close(fd);
	if (!data)
		return NULL;
	w = (struct wire){ data, data + size };
	if (wire_ok(type, w, 0))
		message = protobuf_c_message_unpack(type, NULL, size, data);
	if (!message)
		fail(err, "%snot %s, or truncated or damaged", where, what);
	free(data);
	return message;
}

Onnx__ModelProto *onnx_read_model(const char *path, struct error *err)
{
	return (Onnx__ModelProto *)read_message(path, "", "an ONNX model",
						&onnx__model_proto__descriptor, err);
}

/* Numbers that lie in one of the message's typed arrays instead of raw bytes. */
static bool from_arrays(struct tensor *t, const Onnx__TensorProto *proto)
{
	uint64_t i;

	switch (t->type) {
	case TYPE_FLOAT:
		if (proto->n_float_data != t->count)
			return false;
		memcpy(t->data, proto->float_data, t->count * 4);
		return true;
	case TYPE_INT64:
		if (proto->n_int64_data != t->count)
			return false;
		memcpy(t->data, proto->int64_data, t->count * 8);
		return true;
	case TYPE_INT32:
		if (proto->n_int32_data != t->count)
			return false;
		memcpy(t->data, proto->int32_data, t->count * 4);
		return true;
	case TYPE_FLOAT16:
		if (proto->n_int32_data != t->count)
			return false;
		for (i = 0; i < t->count; i++)
			((uint16_t *)t->data)[i] = proto->int32_data[i];
		return true;
	case TYPE_INT8:
	case TYPE_UINT8:
	case TYPE_BOOL:
		if (proto->n_int32_data != t->count)
			return false;
		for (i = 0; i < t->count; i++)
			((uint8_t *)t->data)[i] = proto->int32_data[i];
		return true;
	default:
		return false;
	}
}

static int proto_shape(struct shape *shape, const Onnx__TensorProto *proto,
		       const char *what, struct error *err)
{
	size_t i;

	if (proto->n_dims > MAX_RANK)
		return fail(err, "%s: rank %zu, the card has %d", what, proto->n_dims,
			    MAX_RANK);
	shape->rank = proto->n_dims;
	for (i = 0; i < proto->n_dims; i++) {
		if (proto->dims[i] < 0)
			return fail(err, "%s: negative extent %lld", what,
				    (long long)proto->dims[i]);
		shape->dim[i] = proto->dims[i];
	}
	return 0;
}

int onnx_tensor(struct tensor *t, const Onnx__TensorProto *proto, const char *what,
		struct error *err)
{
	const struct element *e = element(proto->data_type);
	uint64_t bytes;

	memset(t, 0, sizeof(*t));
	if (!e)
		return fail(err, "%s: elements of type %s", what,
			    element_name(proto->data_type));
	if (proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL ||
	    proto->n_external_data)
		return fail(err,
			    "%s: its data are in another file, "
			    "which is not supported",
			    what);
	if (proto->segment)
		return fail(err, "%s: in segments, which is not supported", what);
	if (proto_shape(&t->shape, proto, what, err))
		return -1;
	t->type = e->type;
	if (!shape_count(&t->shape, &t->count) || t->count > MAX_BYTES / e->size)
		return fail(err, "%s: too large", what);
	bytes = t->count * e->size;

	if (proto->has_raw_data) {
		if (proto->raw_data.len != bytes)
			return fail(err, "%s: %zu bytes of data for a shape of %llu",
				    what, proto->raw_data.len, (unsigned long long)bytes);
		if (bytes) {
			t->data = proto->raw_data.data;
			t->borrowed = true;
			return 0;
		}
	}
	/* A lie about the shape must not make us allocate what is not there. */
	if (t->count > proto->n_float_data + proto->n_int32_data + proto->n_int64_data)
		return fail(err, "%s: less data than its shape needs", what);
	t->data = calloc(1, bytes + 1);
	if (!t->data)
		return fail(err, "%s: out of memory", what);
	if (bytes && !from_arrays(t, proto)) {
		tensor_free(t);
		return fail(err, "%s: data that do not match its type and shape", what);
	}
	return 0;
}

int onnx_read_tensor(struct tensor *t, const char *path, struct error *err)
{
	Onnx__TensorProto *proto;
	char where[4200];
	uint64_t bytes;
	void *copy;
	int ret;

	memset(t, 0, sizeof(*t));
	snprintf(where, sizeof(where), "%s: ", path);
	proto = (Onnx__TensorProto *)read_message(path, where, "an ONNX tensor",
						  &onnx__tensor_proto__descriptor, err);
	if (!proto)
		return -1;
	ret = onnx_tensor(t, proto, path, err);
	if (!ret && t->borrowed) {
		bytes = t->count * element(t->type)->size;
		copy = malloc(bytes + 1);
		if (copy)
			memcpy(copy, t->data, bytes);
		else
			ret = fail(err, "%s: out of memory", path);
		t->data = copy;
		t->borrowed = false;
	}
	onnx__tensor_proto__free_unpacked(proto, NULL);
	return ret;
}

static int write_file(const char *path, const void *data, size_t size, struct error *err)
{
	FILE *f = fopen(path, "wbe");
	bool bad;

	if (!f)
		return fail(err, "%s: %s", path, strerror(errno));
	bad = fwrite(data, 1, size, f) != size;
	bad |= fclose(f) != 0;
	return bad ? fail(err, "%s: cannot be written", path) : 0;
}

int onnx_write_tensor(const struct tensor *t, const char *name, const char *path,
		      struct error *err)
{
	Onnx__TensorProto proto = ONNX__TENSOR_PROTO__INIT;
	int64_t dims[MAX_RANK];
	unsigned int i;
	uint8_t *packed;
	size_t size;
	int ret;

	for (i = 0; i < t->shape.rank; i++)
		dims[i] = t->shape.dim[i];
	proto.n_dims = t->shape.rank;
	proto.dims = dims;
	proto.has_data_type = true;
	proto.data_type = t->type;
	proto.name = (char *)name;
	proto.has_raw_data = true;
	proto.raw_data.len = t->count * element(t->type)->size;
	proto.raw_data.data = t->data;

	packed = malloc(onnx__tensor_proto__get_packed_size(&proto));
	if (!packed)
		return fail(err, "%s: out of memory", path);
	size = onnx__tensor_proto__pack(&proto, packed);
	ret = write_file(path, packed, size, err);
	free(packed);
	return ret;
}
