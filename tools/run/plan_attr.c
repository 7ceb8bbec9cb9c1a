// SPDX-License-Identifier: MIT
/* Attributes of the node in work, and inputs that serve as attributes. */
#include <string.h>

#include "plan.h"

#define KIND(name) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##name

const Onnx__AttributeProto *plan_attribute(struct plan *p, const char *name,
					   unsigned int type)
{
	const Onnx__NodeProto *proto = p->node->proto;
	const Onnx__AttributeProto *a;
	size_t i;

	for (i = 0; i < proto->n_attribute && i < 64; i++) {
		a = proto->attribute[i];
		if (!a->name || strcmp(a->name, name))
			continue;
		p->attributes_read |= 1ull << i;
		if (a->ref_attr_name || (a->has_type && a->type != type)) {
			plan_fail(p, "attribute '%s' is of a wrong type", name);
			return NULL;
		}
		return a;
	}
	return NULL;
}

int64_t plan_int(struct plan *p, const char *name, int64_t otherwise)
{
	const Onnx__AttributeProto *a = plan_attribute(p, name, KIND(INT));

	return a ? a->i : otherwise;
}

float plan_float(struct plan *p, const char *name, float otherwise)
{
	const Onnx__AttributeProto *a = plan_attribute(p, name, KIND(FLOAT));

	return a ? a->f : otherwise;
}

int plan_ints(struct plan *p, const char *name, int64_t *to, unsigned int max)
{
	const Onnx__AttributeProto *a = plan_attribute(p, name, KIND(INTS));

	if (!a)
		return -1;
	if (a->n_ints > max) {
		plan_fail(p, "attribute '%s' has %zu numbers", name, a->n_ints);
		return 0;
	}
	if (a->n_ints)
		memcpy(to, a->ints, a->n_ints * sizeof(*to));
	return a->n_ints;
}

unsigned int plan_choice(struct plan *p, const char *name, const char *const *names)
{
	const Onnx__AttributeProto *a = plan_attribute(p, name, KIND(STRING));
	unsigned int i;

	if (!a)
		return 0;
	for (i = 0; names[i]; i++)
		if (a->s.len == strlen(names[i]) &&
		    !memcmp(a->s.data, names[i], a->s.len))
			return i;
	plan_fail(p, "%s '%.*s' is not supported", name,
		  a->s.len > 60 ? 60 : (int)a->s.len, (const char *)a->s.data);
	return 0;
}

int plan_arg_ints(struct plan *p, unsigned int index, int64_t *to, unsigned int max)
{
	struct val *v = plan_opt(p, index);
	uint64_t i;

	if (!v)
		return -1;
	if (!v->known || !type_is_integer(v->type) || v->shape.rank > 1) {
		plan_fail(p,
			  "input %u must be a list of integers that is known before "
			  "the run",
			  index);
		return 0;
	}
	if (v->count > max) {
		plan_fail(p, "input %u has %llu numbers", index,
			  (unsigned long long)v->count);
		return 0;
	}
	for (i = 0; i < v->count; i++)
		to[i] = tensor_integer(v->known, i);
	return v->count;
}

int plan_ints_either(struct plan *p, const char *name, unsigned int index, int64_t *to,
		     unsigned int max)
{
	int n = plan_ints(p, name, to, max);

	return n >= 0 ? n : plan_arg_ints(p, index, to, max);
}

unsigned int plan_axis(struct plan *p, int64_t axis, unsigned int rank)
{
	if (axis < 0)
		axis += rank;
	if (axis < 0 || axis >= rank) {
		plan_fail(p, "axis out of range for rank %u", rank);
		return 0;
	}
	return axis;
}
