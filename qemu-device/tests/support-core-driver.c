/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The skills of a driver: page tables, queues, programs. */
#include "support-core.h"

/* ---- Page tables --------------------------------------------------------- */

/* Tables grow down from the end of the first die's HBM, far from the data. */
uint64_t fake_table(struct fake *f)
{
    if (!f->pt_top) {
        f->pt_top = FAKE_DIE_HBM;
    }
    f->pt_top -= NPU_PT_SIZE;
    memset(f->hbm + f->pt_top, 0, NPU_PT_SIZE);
    return f->pt_top;
}

static uint64_t pte_get(const uint64_t *entry)
{
    return __atomic_load_n(entry, __ATOMIC_RELAXED);
}

static void pte_set(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELAXED);
}

uint64_t *fake_pte(struct fake *f, uint64_t root, uint64_t va, unsigned level)
{
    uint64_t table = root;
    unsigned at = NPU_PT_LEVELS - 1;

    for (;; at--) {
        uint64_t *entry = (uint64_t *)(f->hbm + table) +
                          (va >> NPU_PT_SHIFT(at)) % NPU_PT_ENTRIES;

        if (at == level) {
            return entry;
        }
        if (!(pte_get(entry) & NPU_PTE_VALID)) {
            pte_set(entry, fake_table(f) | NPU_PTE_VALID);
        }
        table = pte_get(entry) & NPU_PTE_ADDRESS;
    }
}

void fake_map(struct fake *f, uint64_t root, uint64_t va, uint64_t address,
              uint64_t size, uint64_t flags)
{
    uint64_t done;

    for (done = 0; done < size; done += NPU_PT_SIZE) {
        pte_set(fake_pte(f, root, va + done, 0),
                (address + done) | flags | NPU_PTE_LEAF | NPU_PTE_VALID);
    }
}

void fake_unmap(struct fake *f, uint64_t root, uint64_t va, uint64_t size)
{
    uint64_t done;

    for (done = 0; done < size; done += NPU_PT_SIZE) {
        pte_set(fake_pte(f, root, va + done, 0), 0);
    }
}

void fake_client_init(struct fake *f, struct fake_client *client)
{
    client->root = fake_table(f);
    client->bus = fake_ram(f, CLIENT_SIZE);
    fake_map(f, client->root, CLIENT_HBM_VA, CLIENT_HBM, CLIENT_SIZE,
             MAP_HBM | MAP_WRITE);
    fake_map(f, client->root, CLIENT_HOST_VA, client->bus, CLIENT_SIZE,
             MAP_HOST | MAP_WRITE);
}

void *fake_client_ptr(struct fake *f, uint64_t va)
{
    return f->hbm + CLIENT_HBM + (va - CLIENT_HBM_VA);
}

/* ---- Queues -------------------------------------------------------------- */

static uint64_t fq_offset(const struct fake_queue *q, uint32_t offset)
{
    return NPU_REG_QUEUE(q->index) + offset;
}

void fq_setup(struct fake_queue *q, struct fake *f, unsigned index,
              uint64_t root, uint32_t die_mask)
{
    memset(q, 0, sizeof(*q));
    q->f = f;
    q->index = index;
    q->order = 6;
    q->ring = fake_ram(f, sizeof(struct npu_packet) << q->order);
    q->tail_at = fake_ram(f, 4096);
    q->fence_at = q->tail_at + 64;
    wr64(f, fq_offset(q, NPU_QUEUE_RING), q->ring);
    wr64(f, fq_offset(q, NPU_QUEUE_TAIL), q->tail_at);
    wr64(f, fq_offset(q, NPU_QUEUE_FENCE), q->fence_at);
    wr64(f, fq_offset(q, NPU_QUEUE_ROOT), root);
    wr32(f, fq_offset(q, NPU_QUEUE_RING_ORDER), q->order);
    wr32(f, fq_offset(q, NPU_QUEUE_DIE_MASK), die_mask);
    wr32(f, fq_offset(q, NPU_QUEUE_PRIORITY), NPU_QUEUE_PRIORITY_NORMAL);
    wr32(f, fq_offset(q, NPU_QUEUE_VECTOR), NPU_NO_VECTOR);
}

void fq_control(const struct fake_queue *q, uint32_t command)
{
    wr32(q->f, fq_offset(q, NPU_QUEUE_CONTROL), command);
}

void fq_enable(struct fake_queue *q)
{
    fq_control(q, NPU_QUEUE_CONTROL_ENABLE);
}

void fq_open(struct fake_queue *q, struct fake *f, unsigned index,
             uint64_t root, uint32_t die_mask)
{
    fq_setup(q, f, index, root, die_mask);
    fq_enable(q);
    assert_int_equal(fq_state(q), NPU_QUEUE_IDLE);
}

static void fq_set_tail(struct fake_queue *q, uint64_t tail)
{
    uint64_t *word = fake_ram_ptr(q->f, q->tail_at);

    q->tail = tail;
    __atomic_store_n(word, tail, __ATOMIC_RELEASE);
}

void fq_reopen(struct fake_queue *q)
{
    uint64_t end = fake_now() + 20000 * MS;

    fq_control(q, NPU_QUEUE_CONTROL_DISABLE);
    /* Of one that works on something, the first one is a STOP. */
    while (fq_state(q) != NPU_QUEUE_DISABLED) {
        assert_true(fake_now() < end);
        fake_sleep_ms(1);
        fq_control(q, NPU_QUEUE_CONTROL_DISABLE);
    }
    fq_set_tail(q, 0);
    fq_enable(q);
    assert_int_equal(fq_state(q), NPU_QUEUE_IDLE);
}

uint64_t fq_reg(const struct fake_queue *q, uint32_t offset)
{
    return rd64(q->f, fq_offset(q, offset));
}

uint32_t fq_state(const struct fake_queue *q)
{
    return rd32(q->f, fq_offset(q, NPU_QUEUE_STATE));
}

bool fq_wait_state(const struct fake_queue *q, uint32_t state)
{
    return fake_wait32(q->f, fq_offset(q, NPU_QUEUE_STATE), state);
}

bool fq_wait_tiles(const struct fake_queue *q, uint64_t tiles)
{
    uint64_t end = fake_now() + 60000 * MS;

    while (fq_reg(q, NPU_QUEUE_TILES) <= tiles) {
        if (fake_now() > end) {
            return false;
        }
        fake_sleep_ms(1);
    }
    return true;
}

void fq_error(const struct fake_queue *q, struct npu_error *error)
{
    uint64_t words[8];
    unsigned i;

    for (i = 0; i < 8; i++) {
        words[i] = fq_reg(q, NPU_QUEUE_ERROR + 8 * i);
    }
    memcpy(error, words, sizeof(*error));
}

void fq_put(struct fake_queue *q, const struct npu_packet *packet)
{
    struct npu_packet *ring = fake_ram_ptr(q->f, q->ring);

    ring[q->tail % (1u << q->order)] = *packet;
    fq_set_tail(q, q->tail + 1);
}

void fq_ring(struct fake_queue *q)
{
    wr32(q->f, NPU_REG_DOORBELL(q->index), 0);
}

static void *ring_main(void *opaque)
{
    fq_ring(opaque);
    return NULL;
}

pthread_t fq_ring_elsewhere(struct fake_queue *q)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, ring_main, q), 0);
    return thread;
}

void fq_push(struct fake_queue *q, const struct npu_packet *packet)
{
    fq_put(q, packet);
    fq_ring(q);
}

void fq_fence(struct fake_queue *q)
{
    struct npu_packet packet = {
        .opcode = NPU_PACKET_FENCE,
        .fence.sequence = ++q->sequence,
    };

    fq_push(q, &packet);
}

const struct npu_fence_record *fq_record(const struct fake_queue *q)
{
    return fake_ram_ptr(q->f, q->fence_at);
}

bool fq_wait_fence(struct fake_queue *q, uint64_t sequence)
{
    const __u64 *word = &fq_record(q)->sequence;
    uint64_t end = fake_now() + 60000 * MS;

    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < sequence) {
        if (fake_now() > end || fq_state(q) == NPU_QUEUE_ERRORED) {
            return false;
        }
        fake_sleep_ms(1);
    }
    return true;
}

bool fq_sync(struct fake_queue *q)
{
    fq_fence(q);
    return fq_wait_fence(q, q->sequence);
}

void fq_expect(struct fake_queue *q, const struct npu_packet *packet,
               uint32_t code, struct npu_error *error)
{
    struct npu_error local;

    if (!error) {
        error = &local;
    }
    fq_push(q, packet);
    assert_true(fq_wait_state(q, NPU_QUEUE_ERRORED));
    fq_error(q, error);
    assert_int_equal(error->code, code);
    assert_int_equal(error->packet, q->tail - 1);
    assert_int_equal(error->opcode, packet->opcode);
}

/* ---- Programs ------------------------------------------------------------ */

/* clang-format off */
static const unsigned element_size[] = {
    [NPU_DTYPE_F32] = 4, [NPU_DTYPE_F16] = 2, [NPU_DTYPE_S8] = 1,
    [NPU_DTYPE_S32] = 4,
};
/* clang-format on */

void fp_init(struct fake_program *p, uint64_t offset)
{
    memset(p, 0, sizeof(*p));
    p->va = CLIENT_HBM_VA + offset;
    p->args_va = p->va + PROGRAM_MAX - 8192;
    p->report_va = p->va + PROGRAM_MAX - 4096;
}

uint16_t fp_base(struct fake_program *p, uint64_t va)
{
    p->args[p->bases] = va;
    return p->bases++;
}

uint16_t fp_tensor(struct fake_program *p, uint64_t va, unsigned dtype,
                   unsigned rank, const uint64_t *extent)
{
    struct npu_tensor *tensor = &p->tensor[p->tensors];
    int64_t stride = element_size[dtype];
    unsigned i;

    tensor->base = fp_base(p, va);
    tensor->dtype = dtype;
    tensor->rank = rank;
    for (i = rank; i-- > 0;) {
        tensor->extent[i] = extent[i];
        tensor->stride[i] = stride;
        stride *= extent[i];
    }
    return p->tensors++;
}

uint16_t fp_vector(struct fake_program *p, uint64_t va, unsigned dtype,
                   uint64_t extent)
{
    return fp_tensor(p, va, dtype, 1, &extent);
}

struct npu_insn *fp_insn(struct fake_program *p, uint16_t opcode,
                         unsigned operands, ...)
{
    struct npu_insn *insn = &p->insn[p->insns++];
    va_list list;
    unsigned i;

    insn->opcode = opcode;
    insn->scalar = NPU_NONE;
    va_start(list, operands);
    for (i = 0; i < NPU_MAX_OPERANDS; i++) {
        insn->operand[i] = i < operands ? va_arg(list, int) : NPU_NONE;
    }
    va_end(list);
    return insn;
}

void fp_stall(struct fake_program *p, uint32_t ms)
{
    fp_insn(p, NPU_OP_STALL, 0)->imm = ms;
}

size_t fp_image_size(const struct fake_program *p)
{
    return sizeof(struct npu_program_header) + p->insns * sizeof(p->insn[0]) +
           p->tensors * sizeof(p->tensor[0]);
}

static void fp_write_image(struct fake *f, const struct fake_program *p)
{
    struct npu_program_header header = {
        .magic = NPU_PROGRAM_MAGIC,
        .isa_major = NPU_ISA_MAJOR,
        .isa_minor = NPU_ISA_MINOR,
        .insn_count = p->insns,
        .tensor_count = p->tensors,
        .base_count = p->bases,
        .scalar_count = p->scalars,
    };
    uint8_t *at = fake_client_ptr(f, p->va);

    memcpy(at, &header, sizeof(header));
    at += sizeof(header);
    memcpy(at, p->insn, p->insns * sizeof(p->insn[0]));
    at += p->insns * sizeof(p->insn[0]);
    memcpy(at, p->tensor, p->tensors * sizeof(p->tensor[0]));
}

struct npu_packet fp_load(struct fake *f, struct fake_program *p,
                          uint64_t cookie)
{
    struct npu_packet packet;

    /* Also the rest of the union, which an initializer leaves to chance. */
    memset(&packet, 0, sizeof(packet));
    packet.opcode = NPU_PACKET_RUN;
    packet.run.program = p->va;
    packet.run.args = p->args_va;
    packet.run.report = p->report_va;
    packet.run.cookie = cookie;
    packet.run.program_size = fp_image_size(p);
    packet.run.args_size = 8 * (p->bases + p->scalars);

    fp_write_image(f, p);
    memcpy(fake_client_ptr(f, p->args_va), p->args, packet.run.args_size);
    memset(fake_client_ptr(f, p->report_va), 0xff, sizeof(struct npu_report));
    return packet;
}

const struct npu_report *fp_report(struct fake *f, const struct fake_program *p)
{
    return fake_client_ptr(f, p->report_va);
}

struct npu_packet fake_stall(struct fake *f, unsigned slot, uint32_t ms)
{
    struct fake_program program;

    fp_init(&program, slot * PROGRAM_MAX);
    fp_stall(&program, ms);
    return fp_load(f, &program, 0x57a11 + slot);
}
