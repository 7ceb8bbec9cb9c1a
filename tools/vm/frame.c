// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

struct head {
	uint32_t type;
	uint32_t size;
};

bool vm_read(struct vm_reader *r, int fd)
{
	ssize_t n;

	if (r->start) {
		memmove(r->bytes, r->bytes + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	if (r->end == sizeof(r->bytes))
		return true;
	n = read(fd, r->bytes + r->end, sizeof(r->bytes) - r->end);
	if (n > 0)
		r->end += n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

int vm_next(struct vm_reader *r, struct vm_frame *frame)
{
	struct head head;

	if (r->end - r->start < sizeof(head))
		return 0;
	memcpy(&head, r->bytes + r->start, sizeof(head));
	if (head.size > sizeof(r->bytes) - sizeof(head))
		return -1;
	if (r->end - r->start < sizeof(head) + head.size)
		return 0;
	frame->type = head.type;
	frame->size = head.size;
	frame->data = r->bytes + r->start + sizeof(head);
	r->start += sizeof(head) + head.size;
	return 1;
}

bool vm_has_room(const struct vm_writer *w)
{
	return sizeof(w->bytes) - (w->end - w->start) >=
	       sizeof(struct head) + VM_DATA_MAX;
}

bool vm_put(struct vm_writer *w, uint32_t type, const void *data, size_t size)
{
	struct head head = { .type = type, .size = size };

	if (w->start) {
		memmove(w->bytes, w->bytes + w->start, w->end - w->start);
		w->end -= w->start;
		w->start = 0;
	}
	if (sizeof(w->bytes) - w->end < sizeof(head) + size)
		return false;
	memcpy(w->bytes + w->end, &head, sizeof(head));
	if (size)
		memcpy(w->bytes + w->end + sizeof(head), data, size);
	w->end += sizeof(head) + size;
	return true;
}

bool vm_flush(struct vm_writer *w, int fd)
{
	ssize_t n;

	while (vm_pending(w)) {
		n = write(fd, w->bytes + w->start, w->end - w->start);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		w->start += n;
	}
	return true;
}
