/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for the time of one tile, or of one piece of a copy.  Every tile
 * translates anew; within it the last few translations are kept at hand, and so
 * is one piece of host memory in each direction.
 */
#include <string.h>

#include "card.h"

/* Host memory worth translating in one go. */
#define ACCESS_AHEAD (2ull << 20)

bool npu_access_fault(struct npu_access *access, uint32_t code, uint8_t space,
                      uint64_t address)
{
    if (!access->fault.code) {
        access->fault.code = code;
        access->fault.space = space;
        access->fault.address = address;
    }
    return false;
}

static uint32_t access_translate(struct npu_access *access, uint64_t va,
                                 struct npu_extent **extent)
{
    struct npu_extent found;
    uint32_t code;
    unsigned i;

    for (i = 0; i < NPU_ACCESS_EXTENTS; i++) {
        struct npu_extent *e = &access->extent[i];

        if (va >= e->start && va < e->end) {
            *extent = e;
            return NPU_ERR_NONE;
        }
    }
    code = npu_as_translate(access->as, &access->card->hbm, &access->hold, va,
                            &found);
    if (code) {
        return code;
    }
    *extent = &access->extent[access->next_extent++ % NPU_ACCESS_EXTENTS];
    **extent = found;
    return NPU_ERR_NONE;
}

static uint32_t resolve_client(struct npu_access *access, uint64_t va,
                               bool write, struct npu_piece *piece)
{
    struct npu_extent *extent;
    uint32_t code = access_translate(access, va, &extent);

    if (code) {
        return code;
    }
    if (write && !extent->write) {
        return NPU_ERR_WRITE_FAULT;
    }
    piece->address = extent->address + (va - extent->start);
    piece->size = extent->end - va;
    piece->hbm = extent->aperture == NPU_APERTURE_HBM ?
                     access->card->hbm.base + piece->address :
                     NULL;
    return NPU_ERR_NONE;
}

static uint32_t resolve_hbm(struct npu_access *access, uint64_t offset,
                            struct npu_piece *piece)
{
    struct npu_hbm *hbm = &access->card->hbm;

    if (offset >= hbm->size) {
        return NPU_ERR_PAGE_FAULT;
    }
    piece->address = offset;
    piece->size = hbm->size - offset;
    piece->hbm = hbm->base + offset;
    return NPU_ERR_NONE;
}

static uint32_t access_find(struct npu_access *access, uint8_t space,
                            uint64_t address, bool write,
                            struct npu_piece *piece)
{
    switch (space) {
    case NPU_SPACE_CLIENT:
        return resolve_client(access, address, write, piece);
    case NPU_SPACE_HBM:
        return resolve_hbm(access, address, piece);
    default:
        piece->hbm = NULL;
        piece->address = address;
        piece->size = ACCESS_AHEAD;
        return NPU_ERR_NONE;
    }
}

static void access_tell_written(struct npu_access *access)
{
    struct npu_card *card = access->card;
    unsigned i;

    for (i = 0; i < access->ranges; i++) {
        card->ops->hbm_written(card->opaque, access->written[i].start,
                               access->written[i].end -
                                   access->written[i].start);
    }
}

static void access_unmap(struct npu_access *access)
{
    npu_dma_unmap(access->card, &access->host[0]);
    npu_dma_unmap(access->card, &access->host[1]);
}

/*
 * A tile may take 100 ms, but who wants it to end, or to stand still, waits for
 * its next access only.
 */
static bool access_over(struct npu_access *access)
{
    struct npu_card *card = access->card;

    if (access->over && __atomic_load_n(&card->quiesced, __ATOMIC_ACQUIRE)) {
        access_unmap(access);
        access_tell_written(access);
        npu_card_park(card);
        npu_card_unpark(card);
    }
    return npu_card_aborting(card) ||
           (access->over && __atomic_load_n(access->over, __ATOMIC_ACQUIRE));
}

bool npu_access_resolve(struct npu_access *access, uint8_t space,
                        uint64_t address, bool write, struct npu_piece *piece)
{
    uint32_t code = access_over(access) ?
                        NPU_ERR_STOPPED :
                        access_find(access, space, address, write, piece);

    return !code || npu_access_fault(access, code, space, address);
}

static uint64_t range_grown(const struct npu_range *range,
                            const struct npu_range *more)
{
    uint64_t start = more->start < range->start ? more->start : range->start;
    uint64_t end = more->end > range->end ? more->end : range->end;

    return (end - start) - (range->end - range->start);
}

/*
 * Ranges that touch are joined.  When there is no room for another, the one
 * that grows least takes it in: too much may be called written, never too
 * little.
 */
void npu_access_written(struct npu_access *access, uint64_t offset,
                        uint64_t size)
{
    struct npu_range more = { offset, offset + size };
    struct npu_range *best = NULL;
    uint64_t least = UINT64_MAX;
    unsigned i;

    for (i = 0; i < access->ranges; i++) {
        uint64_t grown = range_grown(&access->written[i], &more);

        if (grown < least) {
            least = grown;
            best = &access->written[i];
        }
    }
    if (least > size && access->ranges < NPU_ACCESS_RANGES) {
        access->written[access->ranges++] = more;
        return;
    }
    if (more.start < best->start) {
        best->start = more.start;
    }
    if (more.end > best->end) {
        best->end = more.end;
    }
}

static size_t piece_clip(const struct npu_piece *piece, size_t size)
{
    return size < piece->size ? size : piece->size;
}

static uint64_t piece_ahead(const struct npu_piece *piece)
{
    return piece->size < ACCESS_AHEAD ? piece->size : ACCESS_AHEAD;
}

bool npu_access_read(struct npu_access *access, uint8_t space, uint64_t address,
                     void *to, size_t size)
{
    uint8_t *bytes = to;

    while (size) {
        struct npu_piece piece;
        size_t n;

        if (!npu_access_resolve(access, space, address, false, &piece)) {
            return false;
        }
        n = piece_clip(&piece, size);
        if (piece.hbm) {
            memcpy(bytes, piece.hbm, n);
        } else if (!npu_dma_read(access->card, &access->host[0], piece.address,
                                 piece_ahead(&piece), bytes, n)) {
            return npu_access_fault(access, NPU_ERR_DMA, space, address);
        }
        bytes += n;
        address += n;
        size -= n;
    }
    return true;
}

bool npu_access_write(struct npu_access *access, uint8_t space,
                      uint64_t address, const void *from, size_t size)
{
    const uint8_t *bytes = from;

    while (size) {
        struct npu_piece piece;
        size_t n;

        if (!npu_access_resolve(access, space, address, true, &piece)) {
            return false;
        }
        n = piece_clip(&piece, size);
        if (piece.hbm) {
            memcpy(piece.hbm, bytes, n);
            npu_access_written(access, piece.address, n);
        } else if (!npu_dma_write(access->card, &access->host[1], piece.address,
                                  piece_ahead(&piece), bytes, n)) {
            return npu_access_fault(access, NPU_ERR_DMA, space, address);
        }
        bytes += n;
        address += n;
        size -= n;
    }
    return true;
}

static bool mem_read(struct npu_mem *mem, uint64_t va, void *to, size_t size)
{
    return npu_access_read((struct npu_access *)mem, NPU_SPACE_CLIENT, va, to,
                           size);
}

static bool mem_write(struct npu_mem *mem, uint64_t va, const void *from,
                      size_t size)
{
    return npu_access_write((struct npu_access *)mem, NPU_SPACE_CLIENT, va,
                            from, size);
}

static void *mem_window(struct npu_mem *mem, uint64_t va, size_t size,
                        bool write)
{
    struct npu_access *access = (struct npu_access *)mem;
    struct npu_piece first, piece;
    uint64_t got;

    if (access_over(access) ||
        access_find(access, NPU_SPACE_CLIENT, va, write, &first) ||
        !first.hbm) {
        return NULL;
    }
    for (got = first.size; got < size; got += piece.size) {
        if (access_find(access, NPU_SPACE_CLIENT, va + got, write, &piece) ||
            piece.hbm != first.hbm + got) {
            return NULL;
        }
    }
    if (write) {
        npu_access_written(access, first.address, size);
    }
    return first.hbm;
}

void npu_access_begin(struct npu_access *access, struct npu_card *card,
                      struct npu_as *as, const bool *over)
{
    memset(access, 0, sizeof(*access));
    access->mem.read = mem_read;
    access->mem.write = mem_write;
    access->mem.window = mem_window;
    access->card = card;
    access->as = as;
    access->over = over;
    npu_as_enter(as, &access->hold);
}

void npu_access_end(struct npu_access *access)
{
    struct npu_card *card = access->card;

    access_unmap(access);
    access_tell_written(access);
    if (npu_as_leave(access->as, &access->hold)) {
        pthread_mutex_lock(&card->lock);
        card->check_invalidations = true;
        npu_cp_wake(card);
        pthread_mutex_unlock(&card->lock);
    }
}
