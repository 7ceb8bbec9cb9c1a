// SPDX-License-Identifier: MIT
#include "compare.h"

#include <math.h>
#include <string.h>

static double difference(double a, double b)
{
	double d = fabs(a - b);

	if (a == b || (isnan(a) && isnan(b)))
		return 0;
	return isnan(d) ? INFINITY : d;
}

static void compare_values(const struct tensor *got, const struct tensor *expect,
			   double absolute, double relative, struct verdict *v)
{
	uint64_t i;

	for (i = 0; i < got->count; i++) {
		double want = tensor_number(expect, i);
		double d = difference(tensor_number(got, i), want);

		if (d > v->largest)
			v->largest = d;
		if (d > absolute + (isfinite(want) ? relative * fabs(want) : 0))
			v->values_differ++;
	}
	v->values += got->count;
}

/* The first largest element of a row. */
static int64_t class_of(const struct tensor *t, uint64_t row)
{
	uint64_t classes = t->shape.dim[1], i, best = 0;

	for (i = 1; i < classes; i++)
		if (tensor_number(t, row * classes + i) >
		    tensor_number(t, row * classes + best))
			best = i;
	return best;
}

static void compare_classes(const struct model *m, struct verdict *v)
{
	const struct tensor *got = &m->results[0], *expect = &m->expects[0];
	uint64_t i;

	v->rows = m->labels.count;
	for (i = 0; i < v->rows; i++) {
		int64_t class = class_of(got, i);

		v->correct += class == tensor_integer(&m->labels, i);
		if (expect->data)
			v->classes_differ += class != class_of(expect, i);
	}
}

void compare(const struct model *m, double absolute, double relative, struct verdict *v)
{
	unsigned int i;

	memset(v, 0, sizeof(*v));
	for (i = 0; i < m->files->expects; i++)
		compare_values(&m->results[i], &m->expects[i], absolute, relative, v);
	if (m->labels.data)
		compare_classes(m, v);
}
