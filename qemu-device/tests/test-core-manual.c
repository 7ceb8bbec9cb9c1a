/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the manual says: its example runs, and its tables of registers and of
 * instructions are those of the card.
 */
#include <stdio.h>
#include <strings.h>

#include "check.h"
#include "ops.h"
#include "support-core.h"

#include "../../Documentation/examples/bring-up.c"

static struct fake *board;

/* ---- The machine of the example ------------------------------------------ */

uint32_t read32(uint32_t offset)
{
    return rd32(board, offset);
}

uint64_t read64(uint32_t offset)
{
    return rd64(board, offset);
}

void write32(uint32_t offset, uint32_t value)
{
    wr32(board, offset, value);
}

void write64(uint32_t offset, uint64_t value)
{
    wr64(board, offset, value);
}

void *hbm(uint64_t offset)
{
    return board->hbm + offset;
}

void *host_memory(size_t size, uint64_t *bus)
{
    *bus = fake_ram(board, size);
    return fake_ram_ptr(board, *bus);
}

bool wait_for_vector(unsigned vector)
{
    uint64_t end = fake_now() + 2000 * MS;

    while (!__atomic_exchange_n(&board->raised[vector], 0, __ATOMIC_SEQ_CST)) {
        if (fake_now() > end) {
            return false;
        }
        fake_sleep_ms(1);
    }
    return true;
}

static void test_example_adds(void **state)
{
    float sum = 0;

    (void)state;
    assert_int_equal(bring_up_and_add(1.5f, 2.25f, &sum), 0);
    assert_true(sum == 3.75f);
    assert_int_equal(((const struct npu_report *)hbm(CLIENT + REPORT))->cookie,
                     1);
}

/* The second time it finds the card dirty. */
static void test_example_resets_a_used_card(void **state)
{
    float sum = 0;

    (void)state;
    assert_int_equal(bring_up_and_add(1, 2, &sum), 0);
    assert_int_equal(read32(NPU_REG_STATUS),
                     NPU_STATUS_READY | NPU_STATUS_DIRTY);
    assert_int_equal(bring_up_and_add(3, 4, &sum), 0);
    assert_true(sum == 7);
}

static FILE *open_page(const char *name)
{
    char source[] = __FILE__, path[256];

    strcpy(strstr(source, "qemu-device/"), "");
    snprintf(path, sizeof(path), "%sDocumentation/%s", source, name);
    return fopen(path, "r");
}

/* ---- The tables of registers --------------------------------------------- */

struct row {
    unsigned offset;
    char name[40];
    unsigned width;
    unsigned words;
    char access[4];
    char reset[16];
};

static uint32_t row_base(const struct row *row)
{
    if (!strncmp(row->name, "NPU_DIE_", 8)) {
        return NPU_REG_DIE(1);
    }
    if (!strncmp(row->name, "NPU_VECTOR_", 11)) {
        return NPU_REG_VECTOR(1);
    }
    return strncmp(row->name, "NPU_QUEUE_", 10) ? 0 : NPU_REG_QUEUE(1);
}

static bool row_parse(const char *line, struct row *row)
{
    row->words = 1;
    if (sscanf(line, "0x%x %39s %u x %u %3s %15s", &row->offset, row->name,
               &row->width, &row->words, row->access, row->reset) == 6) {
        return true;
    }
    row->words = 1;
    return sscanf(line, "0x%x %39s %u %3s %15s", &row->offset, row->name,
                  &row->width, row->access, row->reset) == 5;
}

static uint64_t row_read(const struct row *row, unsigned word)
{
    uint32_t at = row_base(row) + row->offset + word * row->width / 8;

    return row->width == 64 ? rd64(board, at) : rd32(board, at);
}

static void row_write(const struct row *row, uint64_t value)
{
    uint32_t at = row_base(row) + row->offset;

    if (row->width == 64) {
        wr64(board, at, value);
    } else {
        wr32(board, at, value);
    }
}

static void check_reset(const struct row *row)
{
    uint64_t want = strtoull(row->reset, NULL, 0);

    for (unsigned word = 0; word < row->words; word++) {
        if (strcmp(row->reset, "card") && row_read(row, word) != want) {
            fail_msg("%s is 0x%llx after a reset, the manual says %s",
                     row->name, (unsigned long long)row_read(row, word),
                     row->reset);
        }
    }
}

/* A write of 1 changes what can be written, and nothing else. */
static void check_access(const struct row *row)
{
    uint64_t value = !strtoull(row->reset, NULL, 0);
    uint64_t before = row_read(row, 0);
    bool clock = strstr(row->name, "TIME") || strstr(row->name, "RESETS");

    if (!strcmp(row->access, "w")) {
        assert_int_equal(before, 0);
        return;
    }
    row_write(row, value);
    if (strcmp(row->access, "rw")) {
        assert_true(clock || row_read(row, 0) == before);
    } else if (row_read(row, 0) != value) {
        fail_msg("%s cannot be written", row->name);
    }
}

static unsigned check_rows(void (*check)(const struct row *row))
{
    FILE *page = open_page("card/registers.rst");
    char line[256];
    unsigned rows = 0;
    struct row row;

    assert_non_null(page);
    while (fgets(line, sizeof(line), page)) {
        if (!strncmp(line, "0x", 2)) {
            if (!row_parse(line, &row)) {
                fail_msg("no row of a table: %s", line);
            }
            check(&row);
            rows++;
        }
    }
    fclose(page);
    return rows;
}

static void test_registers_after_reset(void **state)
{
    float sum;

    (void)state;
    assert_true(check_rows(check_reset) > 40);
    assert_int_equal(bring_up_and_add(1, 2, &sum), 0);
    wr32(board, NPU_REG_CONTROL, NPU_CONTROL_RESET);
    assert_true(fake_wait_ready(board));
    check_rows(check_reset);
}

static void test_registers_access(void **state)
{
    (void)state;
    check_rows(check_access);
}

/* ---- The tables of instructions ------------------------------------------ */

/* A row is four lines: "* - ADD, 32", the formula, the error, the operations.
 */
static void check_instruction(FILE *page, const char *name, unsigned opcode)
{
    const struct npu_op *op = npu_op_find(opcode);
    char line[256] = "";
    unsigned operations;

    for (unsigned i = 0; i < 3; i++) {
        assert_non_null(fgets(line, sizeof(line), page));
    }
    assert_int_equal(sscanf(line, " - %u", &operations), 1);
    assert_non_null(op);
    assert_int_equal(strcasecmp(name, op->name), 0);
    assert_int_equal(operations, op->operations);
}

static void test_instructions(void **state)
{
    FILE *page = open_page("instructions.rst");
    unsigned opcode, rows = 0, known = 0;
    char line[256], name[32];

    (void)state;
    assert_non_null(page);
    while (fgets(line, sizeof(line), page)) {
        if (sscanf(line, " * - %31[A-Z0-9_], %u", name, &opcode) == 2) {
            check_instruction(page, name, opcode);
            rows++;
        }
    }
    fclose(page);
    for (opcode = 0; opcode < 65536; opcode++) {
        known += npu_op_find(opcode) != NULL;
    }
    assert_int_equal(rows, known);
}

/* ---- The table of instructions by type ----------------------------------- */

static const uint8_t columns[] = {
    NPU_DTYPE_F32,    NPU_DTYPE_F16,  NPU_DTYPE_BF16, NPU_DTYPE_F8E4M3,
    NPU_DTYPE_F8E5M2, NPU_DTYPE_S8,   NPU_DTYPE_U8,   NPU_DTYPE_S32,
    NPU_DTYPE_S64,    NPU_DTYPE_BOOL, NPU_DTYPE_S4,   NPU_DTYPE_Q8_0,
    NPU_DTYPE_Q4_0,   NPU_DTYPE_Q4_K, NPU_DTYPE_Q6_K, NPU_DTYPE_MXFP4,
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

/* The types that other operands are tried with, besides that of the one. */
static const uint8_t others[] = { NPU_DTYPE_F32, NPU_DTYPE_S32, NPU_DTYPE_BOOL,
                                  NPU_DTYPE_S8 };

/* Is there a choice for operands from one on that goes with that of one? */
static bool some_choice_fits(struct npu_check *check,
                             struct npu_tensor *operands, unsigned operand,
                             unsigned one)
{
    if (operand == check->operands) {
        return check->op->types(check);
    }
    if (operand == one) {
        return some_choice_fits(check, operands, operand + 1, one);
    }
    for (unsigned i = 0; i <= sizeof(others); i++) {
        operands[operand].dtype = i ? others[i - 1] : operands[one].dtype;
        if (some_choice_fits(check, operands, operand + 1, one)) {
            return true;
        }
    }
    return false;
}

/* May an operand have that type? */
static bool takes(const struct npu_op *op, uint8_t dtype)
{
    struct npu_tensor operands[NPU_MAX_OPERANDS] = { { 0 } };
    struct npu_insn insn = { .flags = op->flags & NPU_INSN_TRANSPOSE_B };
    struct npu_verdict verdict;
    struct npu_check check = {
        .op = op,
        .insn = &insn,
        .operands = op->operands,
        .verdict = &verdict,
    };

    for (unsigned i = 0; i < NPU_MAX_OPERANDS; i++) {
        operands[i].rank = 2;
        check.operand[i] = &operands[i];
    }
    for (unsigned one = 0; one < op->operands; one++) {
        operands[one].dtype = dtype;
        if (some_choice_fits(&check, operands, 0, one)) {
            return true;
        }
    }
    return false;
}

static void format_row(const struct npu_op *op, char *text)
{
    text += sprintf(text, "%-18s", op->name);
    for (unsigned i = 0; i < COLUMNS; i++) {
        text += sprintf(text, " %-4s", takes(op, columns[i]) ? "x" : "-");
    }
    while (text[-1] == ' ') {
        *--text = '\0';
    }
}

/* Every instruction has its row, in the order of the numbers. */
static void test_types(void **state)
{
    FILE *page = open_page("instructions.rst");
    char line[256] = "", want[256];

    (void)state;
    assert_non_null(page);
    while (strncmp(line, "nop ", 4)) {
        assert_non_null(fgets(line, sizeof(line), page));
    }
    for (unsigned opcode = 0; opcode < 65536; opcode++) {
        const struct npu_op *op = npu_op_find(opcode);

        if (op) {
            format_row(op, want);
            line[strcspn(line, "\n")] = '\0';
            assert_string_equal(line, want);
            assert_non_null(fgets(line, sizeof(line), page));
        }
    }
    fclose(page);
}

static int setup(void **state)
{
    (void)state;
    board = fake_default();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_free(board);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_example_adds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_example_resets_a_used_card, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_registers_after_reset, setup,
                                        teardown),
        cmocka_unit_test(test_instructions),
        cmocka_unit_test(test_types),
        cmocka_unit_test_setup_teardown(test_registers_access, setup, teardown),
    };

    return cmocka_run_group_tests_name("core manual", tests, NULL, NULL);
}
