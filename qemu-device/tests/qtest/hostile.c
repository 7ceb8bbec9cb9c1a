/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "hostile.h"
#include "vtd.h"

#define MEMORY                                              \
    "-object memory-backend-file,share=on,id=%s,size=%llu," \
    "mem-path=/proc/self/fd/%d "
#define VCPUS "-accel tcg,thread=multi -smp 2 -bios " HAMMER_BIN " "

/* The time of a case whose share is 1, unless SECONDS= says something else. */
#define CASE_SECONDS 1.0

uint8_t *guest_ram, *guest_hbm;
bool guest_has_iommu;

static const struct machine {
    const char *name;
    const char *binary_from; /* environment */
    bool iommu;
    bool vcpus; /* can run CPUs */
} machines[] = {
    { "plain", "QEMU", false, true },
    { "plain iommu", "QEMU", true, true },
    { "asan", "QEMU_ASAN", false, false },
    { "asan iommu", "QEMU_ASAN", true, false },
};

#define MACHINES (sizeof(machines) / sizeof(machines[0]))

/* A case in a machine. */
struct hostile_test {
    struct tap_case test;
    const struct hostile_case *which;
    unsigned machine;
};

static struct latency *latencies; /* by machine, shared by all processes */
static uint64_t base_seed, rng;
static uint64_t case_start_ms;

/* ---- Chance -------------------------------------------------------------- */

uint64_t any(void)
{
    uint64_t x = rng += 0x9e3779b97f4a7c15ull;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

uint64_t any_below(uint64_t limit)
{
    return any() % limit;
}

bool one_in(unsigned count)
{
    return !any_below(count);
}

uint64_t any_address(void)
{
    static const uint64_t bases[] = {
        HOST_RINGS,
        HOST_DATA,
        HOST_MESSAGES,
        VTD_TABLES,
        GUEST_RAM_SIZE,
        CARD_REGS,
        CARD_REGS + NPU_REG_CONTROL,
        CARD_REGS + NPU_REG_QUEUE(0),
        CARD_REGS + NPU_REG_DOORBELL(0),
        CARD_MSIX,
        CARD_HBM,
        CARD_HBM + HBM_TABLES,
        CARD_HBM + HBM_DATA,
        CARD_HBM + GUEST_HBM_SIZE,
        PEER_REGS + NPU_REG_CONTROL,
        PEER_REGS + NPU_REG_DOORBELL(0),
        PEER_MSIX,
        PEER_HBM,
        0xa0000,
        0xc0000,
        0xfec00000,
        0xfed00000,
        VTD_REGS,
        0xfee00000,
        0xfffc0000,
        0xb0100000,
        1ull << 32,
        1ull << 40,
        0x7000000000,
        1ull << 47,
        1ull << 48,
        ~0xfffull,
        0,
    };
    static const int64_t offsets[] = { 0, 0, 0, 64, 4, 1, -8, -64, -4096, 4096 };

    if (one_in(20)) {
        return any();
    }
    return ANY_OF(bases) + ANY_OF(offsets) +
           (one_in(4) ? any_below(1 << 20) : 0);
}

bool hostile_goes_on(double share)
{
    const char *seconds = getenv("SECONDS");
    double limit = seconds && *seconds ? atof(seconds) : CASE_SECONDS;

    return now_ms() - case_start_ms < 1000 * limit * share;
}

/* ---- The machine --------------------------------------------------------- */

static uint8_t *share(const char *name, uint64_t size, int *fd)
{
    uint8_t *memory;

    *fd = memfd_create(name, 0);
    EXPECT(*fd >= 0 && !ftruncate(*fd, size));
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    EXPECT(memory != MAP_FAILED);
    return memory;
}

/* Bus addresses are what they are without the IOMMU, MMIO included. */
static void make_tables(void)
{
    vtd_clear();
    vtd_add_bus(CARD_BUS);
    vtd_add_bus(PEER_BUS);
    for (uint64_t at = 0; at < GUEST_RAM_SIZE; at += 2 << 20) {
        vtd_map(at, 1, at, VTD_READ | VTD_WRITE);
    }
    for (uint64_t gigabyte = 1; gigabyte < 4; gigabyte++) {
        vtd_map(gigabyte << 30, 2, gigabyte << 30, VTD_READ | VTD_WRITE);
    }
    vtd_map(CARD_HBM, 2, CARD_HBM, VTD_READ | VTD_WRITE);
    vtd_map(PEER_HBM, 2, PEER_HBM, VTD_READ | VTD_WRITE);
}

/* Made once, then put back: it is done very often. */
static void map_all(void)
{
    static uint8_t tables[VTD_TABLES_SIZE];
    static bool made;

    if (made) {
        memcpy(guest_ram + VTD_TABLES, tables, sizeof(tables));
    } else {
        make_tables();
        memcpy(tables, guest_ram + VTD_TABLES, sizeof(tables));
        made = true;
    }
    vtd_enable();
}

static void start_machine(bool vcpus)
{
    int ram, hbm;
    char args[2048];

    guest_ram = share("ram", GUEST_RAM_SIZE, &ram);
    guest_hbm = share("hbm", GUEST_HBM_SIZE, &hbm);
    snprintf(args, sizeof(args),
             "%s%s%s" MEMORY MEMORY "-machine "
             "memory-backend=ram " CARD_HOTPLUG " " PEER_PORT
             "-object memory-backend-ram,id=peer_hbm,size=64M "
             "-device npu-dv200d,dies=2,memdev=peer_hbm,bus=port1,id=peer ",
             latency_args(), vcpus ? VCPUS : "",
             guest_has_iommu ? VTD_ARGS : "", "ram", GUEST_RAM_SIZE, ram, "hbm",
             GUEST_HBM_SIZE, hbm);
    card_start_with(args, "npu-x6000,memdev=hbm");
    close(ram);
    close(hbm);
}

static bool card_is_there(void)
{
    return card_config_read(0, 2) == NPU_PCI_VENDOR_ID;
}

/* Refused while the old one is on its way out, or the guest has locked the slot. */
static void plug_again(const char *device)
{
    uint64_t deadline = now_ms() + 5000;
    const char *answer = "";

    port_set_power(true);
    while (!card_is_there()) {
        if (now_ms() > deadline) {
            tap_fail(__FILE__, __LINE__, "device_add: %s", answer);
        }
        port_unlock();
        answer = qmp_any("{ 'execute': 'device_add', 'arguments': { %s } }",
                         device);
        sleep_ms(1);
    }
}

static void recover_slot(const char *device)
{
    card_setup_port();
    port_config_write(PCI_BRIDGE_CONTROL, 0, 2);
    if (!card_is_there()) {
        plug_again(device);
    }
    card_set_power_state(0);
    card_config_write(card_capability(CAP_MSIX) + 2, 0, 2);
    card_setup_bars();
    reg_write(NPU_REG_CONTROL, NPU_CONTROL_RESET);
    card_wait_ready();
}

void hostile_recover(void)
{
    qmp("{ 'execute': 'cont' }");
    card_setup_ecam();
    if (guest_has_iommu) {
        map_all();
    }
    card_select(PEER);
    recover_slot("'driver': 'npu-dv200d', 'dies': 2, 'memdev': 'peer_hbm', "
                 "'bus': 'port1', 'id': 'peer'");
    card_select(CARD_UNDER_TEST);
    recover_slot("'driver': 'npu-x6000', 'memdev': 'hbm', 'bus': 'port0', "
                 "'id': 'card'");
    space_forget_all();
}

/* ---- A job that must be done well ---------------------------------------- */

#define ELEMENTS 1024

static float element(unsigned operand, unsigned index, unsigned salt)
{
    return (int)((index * 7 + operand * 13 + salt) % 251) - 100;
}

static struct program product_of_sum(unsigned salt)
{
    struct program program = program_new();
    unsigned tensor[3];

    for (unsigned i = 0; i < 3; i++) {
        uint64_t va = VA_TENSORS + 0x4000 * i;
        float *data = (float *)(guest_hbm + HBM_DATA + (va - VA_DATA));

        tensor[i] = program_tensor(&program, NPU_DTYPE_F32, ELEMENTS, va);
        for (unsigned j = 0; j < ELEMENTS; j++) {
            data[j] = element(i, j, salt);
        }
    }
    program_insn(&program, NPU_OP_ADD, tensor[0], tensor[1], tensor[2]);
    program_insn(&program, NPU_OP_MUL, tensor[0], tensor[0], tensor[1]);
    return program;
}

void hostile_expect_right_answers(void)
{
    static unsigned salt;
    struct program program;
    const float *result = (const float *)(guest_ram + HOST_DATA);
    struct npu_packet run, copy;
    struct queue queue;

    hostile_recover();
    program = product_of_sum(++salt);
    queue = queue_new(0, space_new());
    queue.die_mask = 0xff;
    queue_enable(&queue);
    run = program_packet(&program);
    copy = packet_copy(NPU_SPACE_HOST, HOST_DATA, NPU_SPACE_CLIENT, VA_TENSORS,
                       4 * ELEMENTS);
    memset(guest_ram + HOST_DATA, 0xff, 4 * ELEMENTS);
    queue_push(&queue, &run);
    queue_push(&queue, &copy);
    queue_sync(&queue);
    for (unsigned i = 0; i < ELEMENTS; i++) {
        float a = element(1, i, salt), b = element(2, i, salt);

        EXPECT(result[i] == (a + b) * a);
    }
}

/* ---- Cases --------------------------------------------------------------- */

static uint64_t hash(const char *text)
{
    uint64_t value = 0xcbf29ce484222325ull;

    for (; *text; text++) {
        value = (value ^ (uint8_t)*text) * 0x100000001b3ull;
    }
    return value;
}

static void expect_no_complaint(void)
{
    EXPECT(!strstr(qemu_stderr(), "runtime error"));
}

static void hostile_run(const struct tap_case *test)
{
    const struct hostile_test *this = test->opaque;
    const struct machine *machine = &machines[this->machine];

    EXPECT(getenv(machine->binary_from));
    setenv("QEMU", getenv(machine->binary_from), 1);
    guest_has_iommu = machine->iommu;
    printf("# to repeat it: SEED=%" PRIu64 "\n", base_seed);
    rng = base_seed ^ hash(test->name);
    start_machine(this->which->vcpus);
    latency_start(&latencies[this->machine]);
    hostile_recover();
    case_start_ms = now_ms();
    this->which->run();
    hostile_expect_right_answers();
    latency_stop();
    qemu_quit();
    expect_no_complaint();
}

static void print_summary(void)
{
    for (unsigned i = 0; i < MACHINES; i++) {
        if (latencies[i].answers) {
            printf("# %s: query-status: %s\n", machines[i].name,
                   latency_text(&latencies[i]));
        }
    }
}

__attribute__((constructor)) static void prepare(void)
{
    const char *seed = getenv("SEED");

    latencies = mmap(NULL, MACHINES * sizeof(*latencies),
                     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (latencies == MAP_FAILED) {
        abort();
    }
    if (seed && *seed) {
        base_seed = strtoull(seed, NULL, 0);
    } else if (getrandom(&base_seed, 4, 0) != 4) {
        abort();
    }
    atexit(print_summary);
}

static void register_in(const struct hostile_case *which, unsigned machine)
{
    struct hostile_test *this = calloc(1, sizeof(*this));
    char *name;

    if (!this ||
        asprintf(&name, "%s: %s", machines[machine].name, which->what) < 0) {
        abort();
    }
    this->which = which;
    this->machine = machine;
    this->test = (struct tap_case){
        .name = name,
        .run = hostile_run,
        .opaque = this,
    };
    tap_register(&this->test);
}

void hostile_register(const struct hostile_case *which)
{
    for (unsigned i = 0; i < MACHINES; i++) {
        if (machines[i].vcpus || !which->vcpus) {
            register_in(which, i);
        }
    }
}
