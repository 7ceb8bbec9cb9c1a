// SPDX-License-Identifier: MIT
/* Tables whose columns line up, and which leave out what does not fit. */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define GAP 2

static void measure(const struct column *columns, unsigned int column_count,
		    const struct row *rows, unsigned int row_count, int *width)
{
	unsigned int c, r;

	for (c = 0; c < column_count; c++) {
		width[c] = term_columns(columns[c].title);
		for (r = 0; r < row_count; r++) {
			int columns_of_cell = term_columns(rows[r].cell[c]);

			if (columns_of_cell > width[c])
				width[c] = columns_of_cell;
		}
	}
}

/* The column to do without next, or count when all that is left must stay. */
static unsigned int least_needed(const struct column *columns, unsigned int count,
				 const int *width)
{
	unsigned int c, least = count;

	for (c = 0; c < count; c++) {
		if (width[c] && columns[c].keep &&
		    (least == count || columns[c].keep < columns[least].keep))
			least = c;
	}
	return least;
}

static long long total(const int *width, unsigned int count)
{
	long long sum = -GAP;
	unsigned int c;

	for (c = 0; c < count; c++)
		sum += width[c] ? width[c] + GAP : 0;
	return sum;
}

static void print_cell(FILE *out, const char *text, enum colour colour, int pad,
		       bool right)
{
	fprintf(out, "%*s%s%s%s%*s", right ? pad : 0, "", term_colour(colour), text,
		colour == COLOUR_NONE ? "" : term_plain(), right ? 0 : pad, "");
}

struct layout {
	const struct column *columns;
	unsigned int count;
	const int *width;
};

static void print_row(FILE *out, const struct layout *layout, const struct row *row)
{
	unsigned int c, last = 0;
	bool first = true;

	for (c = 0; c < layout->count; c++) {
		if (layout->width[c])
			last = c;
	}
	for (c = 0; c < layout->count; c++) {
		const struct column *column = &layout->columns[c];
		int pad = layout->width[c] - term_columns(row->cell[c]);

		if (!layout->width[c])
			continue;
		/* No blanks at the end of a line. */
		if (c == last && !column->right)
			pad = 0;
		fprintf(out, "%*s", first ? 0 : GAP, "");
		print_cell(out, row->cell[c], row->colour[c], pad, column->right);
		first = false;
	}
	fputc('\n', out);
}

void table_print(FILE *out, const struct column *columns, unsigned int column_count,
		 const struct row *rows, unsigned int row_count, int width)
{
	int widths[TABLE_COLUMNS];
	struct layout layout = { columns, column_count, widths };
	struct row head = { 0 };
	unsigned int c, r;

	measure(columns, column_count, rows, row_count, widths);
	while (total(widths, column_count) > width) {
		c = least_needed(columns, column_count, widths);
		if (c == column_count)
			break;
		widths[c] = 0;
	}
	for (c = 0; c < column_count; c++) {
		snprintf(head.cell[c], sizeof(head.cell[c]), "%s", columns[c].title);
		head.colour[c] = COLOUR_HEAD;
	}
	print_row(out, &layout, &head);
	for (r = 0; r < row_count; r++)
		print_row(out, &layout, &rows[r]);
}
