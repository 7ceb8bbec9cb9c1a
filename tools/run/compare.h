/* SPDX-License-Identifier: MIT */
/* Holding results against what was expected. */
#ifndef RUN_COMPARE_H
#define RUN_COMPARE_H

#include "model.h"

/**
 * struct verdict - how the results are
 * @rows: rows with a label, 0 without labels
 * @correct: rows whose class is their label
 * @classes_differ: rows whose class is not the reference's
 * @values: elements compared with the reference
 * @values_differ: elements off by more than the tolerance
 * @largest: largest difference from the reference; infinity where one of the two is
 *	no number
 */
struct verdict {
	uint64_t rows;
	uint64_t correct;
	uint64_t classes_differ;
	uint64_t values;
	uint64_t values_differ;
	double largest;
};

/* An element may be off by absolute + relative * |reference|. */
void compare(const struct model *model, double absolute, double relative,
	     struct verdict *verdict);

#endif
